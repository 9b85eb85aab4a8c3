rule report:
    output:
        "results/report.html",
    input:
        tables=expand("results/tables/{table}.parquet", table=[*TABLES, "claims"]),
        figures=expand("results/figures/{figure}.{ext}", figure=FIGURES, ext=["svg", "png"]),
        code=sources.stage("report") + ["src/approxgan/report_template.html.j2"],
    params:
        spec=spec(specs.report(config)),
    log:
        "results/logs/report.log",
    shell:
        "python -m approxgan report --spec {params.spec:q} > {log} 2>&1"
