rule report:
    input:
        tables=[AT.table(table) for table in tables.COLUMNS],
        figures=DRAWN,
    output:
        html=AT.page,
        md=AT.summary,
    log:
        AT.log("report"),
    params:
        code=code_inputs.digest("report", modes=registry.names("modes")),
        spec=lambda w: spec(specs.report(config)),
    shell:
        "exec python -m approxgan report --spec {params.spec:q}"
        " --code {params.code:q} > {log} 2>&1"


rule manifest:
    input:
        tables=[path for table in tables.COLUMNS for path in both(table)],
        figures=DRAWN,
        pages=[AT.page, AT.summary],
    output:
        AT.manifest,
        AT.crate,
    log:
        AT.log("manifest"),
    params:
        code=code_inputs.digest("archive"),
        spec=lambda w: spec(specs.report(config)),
    shell:
        "exec python -m approxgan manifest --spec {params.spec:q}"
        " --code {params.code:q} > {log} 2>&1"
