METRICS = list(config["quality"]["metrics"])


rule evaluate:
    output:
        "results/runs/{cell}/quality.parquet",
    input:
        run=expand("results/runs/{{cell}}/{file}", file=["samples.npz", "spec.json"]),
        code=lambda w: sources.stage(
            "quality",
            metrics=METRICS,
            datasets=config["datasets"][CELLS[w.cell].dataset]["kind"],
        ),
    params:
        spec=spec(specs.quality(config)),
    log:
        "results/logs/evaluate/{cell}.log",
    shell:
        "python -m approxgan evaluate {wildcards.cell} --spec {params.spec:q} > {log} 2>&1"


rule null:
    output:
        "results/null/{dataset}.parquet",
    input:
        code=lambda w: sources.stage(
            "quality", metrics=METRICS, datasets=config["datasets"][w.dataset]["kind"]
        ),
    params:
        spec=lambda w: spec(specs.null(config, w.dataset)),
    log:
        "results/logs/null/{dataset}.log",
    shell:
        "python -m approxgan null {wildcards.dataset} --spec {params.spec:q} > {log} 2>&1"
