def train_code(cell):
    return code_inputs.digest(
        "training", **specs.variants(cells.spec(config, CELLS[cell]))
    )


rule train:
    input:
        data=lambda w: AT.data(CELLS[w.cell].dataset),
        tuning=lambda w: [AT.tuning(t) for t in [CELLS[w.cell].tuned] if t],
    output:
        [AT.run("{cell}", file) for file in paths.TRAINED],
    log:
        AT.log("train", "{cell}"),
    threads: 1
    resources:
        **asked(lambda w: cost.train(cells.spec(config, CELLS[w.cell]))),
        gpu=lambda w: gpus(CELLS[w.cell].training),
    params:
        code=lambda w: train_code(w.cell),
        files=lambda w: programs(config["models"][CELLS[w.cell].model]),
        spec=lambda w: spec(cells.spec(config, CELLS[w.cell])),
    shell:
        "exec python -m approxgan train {wildcards.cell} --spec {params.spec:q}"
        " --code {params.code:q} --threads {threads} > {log} 2>&1"
