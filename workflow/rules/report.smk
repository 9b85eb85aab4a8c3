rule report:
    input:
        tables=expand("results/tables/{table}.parquet", table=tables.COLUMNS),
        figures=expand(
            "results/figures/{figure}.{ext}", figure=FIGURES, ext=["svg", "png"]
        ),
        code=stamps.of("report", modes=list(registry.names("modes"))),
        parts=sorted((code_inputs.PACKAGE / "report").glob("*/*.*")),
    output:
        html="results/report.html",
        md="results/summary.md",
    log:
        "results/logs/report.log",
    params:
        spec=spec(specs.report(config)),
    shell:
        "python -m approxgan report --spec {params.spec:q} > {log} 2>&1"
