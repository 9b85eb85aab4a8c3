METRICS = list(config["quality"]["metrics"])


def quality_code(dataset):
    return code_inputs.digest(
        "evaluate", metrics=METRICS, datasets=DEFINED[dataset]["kind"]
    )


rule evaluate:
    input:
        run=expand("results/runs/{{cell}}/{file}", file=["samples.npz", "spec.json"]),
        data=lambda w: f"results/data/{CELLS[w.cell].dataset}.npz",
    output:
        "results/runs/{cell}/quality.parquet",
    log:
        "results/logs/evaluate/{cell}.log",
    resources:
        **asked(
            lambda w: cost.evaluate(
                cells.spec(config, CELLS[w.cell]), config["quality"]
            )
        ),
    params:
        code=lambda w: quality_code(CELLS[w.cell].dataset),
        spec=lambda w: spec(specs.quality(config)),
    shell:
        "python -m approxgan evaluate {wildcards.cell} --spec {params.spec:q}"
        " --code {params.code:q} > {log} 2>&1"


rule null:
    input:
        data="results/data/{dataset}.npz",
    output:
        "results/null/{dataset}/samples{samples}.parquet",
    log:
        "results/logs/null/{dataset}/samples{samples}.log",
    resources:
        **asked(lambda w: cost.null(specs.null(config, w.dataset, int(w.samples)))),
    params:
        code=lambda w: quality_code(w.dataset),
        spec=lambda w: spec(specs.null(config, w.dataset, int(w.samples))),
    shell:
        "python -m approxgan null {wildcards.dataset} {wildcards.samples}"
        " --spec {params.spec:q} --code {params.code:q} > {log} 2>&1"
