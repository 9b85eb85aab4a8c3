rule report:
    input:
        tables=expand("results/tables/{table}.parquet", table=[*TABLES, "claims"]),
        figures=expand(
            "results/figures/{figure}.{ext}", figure=FIGURES, ext=["svg", "png"]
        ),
        code=[*sources.stage("report"), sources.PACKAGE / "report_template.html.j2"],
    output:
        "results/report.html",
    log:
        "results/logs/report.log",
    params:
        spec=spec(specs.report(config)),
    shell:
        "python -m approxgan report --spec {params.spec:q} > {log} 2>&1"
