rule report:
    input:
        tables=expand("results/tables/{table}.parquet", table=tables.COLUMNS),
        figures=expand(
            "results/figures/{figure}.{ext}", figure=FIGURES, ext=["svg", "png"]
        ),
    output:
        html="results/report.html",
        md="results/summary.md",
    log:
        "results/logs/report.log",
    params:
        code=code_inputs.digest("report", modes=registry.names("modes")),
        spec=lambda w: spec(specs.report(config)),
    shell:
        "python -m approxgan report --spec {params.spec:q}"
        " --code {params.code:q} > {log} 2>&1"
