def train_code(cell):
    return stamps.of(
        "training",
        modes=[cell.generator.mode, cell.discriminator.mode],
        rules=cells.rules_of(cell.generator, cell.discriminator),
        losses=cells.loss_definition(config, cell.loss)["kind"],
        models=config["models"][cell.model]["kind"],
    )


TRAIN_CODE = {name: train_code(cell) for name, cell in CELLS.items()}


rule train:
    input:
        data=lambda w: f"results/data/{CELLS[w.cell].dataset}.npz",
        matched=lambda w: [f"results/{path}" for path in cells.matched(CELLS[w.cell])],
        code=lambda w: TRAIN_CODE[w.cell],
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
        **asked(lambda w: estimate.training(cells.spec(config, CELLS[w.cell]))),
        gpu=lambda w: gpus(CELLS[w.cell].training),
    params:
        spec=lambda w: spec(cells.spec(config, CELLS[w.cell])),
    shell:
        "python -m approxgan train {wildcards.cell} --spec {params.spec:q}"
        " --threads {threads} > {log} 2>&1"
