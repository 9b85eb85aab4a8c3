METRICS = list(config["quality"]["metrics"])
QUALITY_CODE = {
    name: stamps.of("evaluate", metrics=METRICS, datasets=definition["kind"])
    for name, definition in config["datasets"].items()
}


rule evaluate:
    input:
        run=expand("results/runs/{{cell}}/{file}", file=["samples.npz", "spec.json"]),
        data=lambda w: f"results/data/{CELLS[w.cell].dataset}.npz",
        code=lambda w: QUALITY_CODE[CELLS[w.cell].dataset],
    output:
        "results/runs/{cell}/quality.parquet",
    log:
        "results/logs/evaluate/{cell}.log",
    resources:
        **asked(
            lambda w: estimate.evaluate(
                cells.spec(config, CELLS[w.cell]), config["quality"]
            )
        ),
    params:
        spec=spec(specs.quality(config)),
    shell:
        "python -m approxgan evaluate {wildcards.cell} --spec {params.spec:q} > {log} 2>&1"


rule null:
    input:
        data="results/data/{dataset}.npz",
        code=lambda w: QUALITY_CODE[w.dataset],
    output:
        "results/null/{dataset}/samples{samples}.parquet",
    log:
        "results/logs/null/{dataset}/samples{samples}.log",
    resources:
        **asked(lambda w: estimate.null(specs.null(config, w.dataset, int(w.samples)))),
    params:
        spec=lambda w: spec(specs.null(config, w.dataset, int(w.samples))),
    shell:
        "python -m approxgan null {wildcards.dataset} {wildcards.samples}"
        " --spec {params.spec:q} > {log} 2>&1"
