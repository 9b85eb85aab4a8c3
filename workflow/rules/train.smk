def train_code(cell):
    return code_inputs.digest(
        "training", **specs.variants(cells.spec(config, CELLS[cell]))
    )


rule train:
    input:
        data=lambda w: f"results/data/{CELLS[w.cell].dataset}.npz",
    output:
        expand(
            "results/runs/{{cell}}/{file}",
            file=[
                "trace.npz",
                "samples.npz",
                "parameters.npz",
                "spec.json",
                "cost.json",
            ],
        ),
    log:
        "results/logs/train/{cell}.log",
    threads: 1
    resources:
        **asked(lambda w: cost.train(cells.spec(config, CELLS[w.cell]))),
        gpu=lambda w: gpus(CELLS[w.cell].training),
    params:
        code=lambda w: train_code(w.cell),
        spec=lambda w: spec(cells.spec(config, CELLS[w.cell])),
    shell:
        "python -m approxgan train {wildcards.cell} --spec {params.spec:q}"
        " --code {params.code:q} --threads {threads} > {log} 2>&1"
