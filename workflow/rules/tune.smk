TUNINGS = Known("tuning", cells.tunings(config))


rule tune:
    input:
        lambda w: [
            AT.quality(cell) for tried in TUNINGS[w.tuning] for cell in tried["cells"]
        ],
    output:
        AT.tuning("{tuning}"),
    log:
        AT.log("tune", "{tuning}"),
    params:
        code=code_inputs.digest("tune"),
        spec=lambda w: spec(specs.tune(config, w.tuning, TUNINGS)),
    shell:
        "python -m approxgan tune {wildcards.tuning} --spec {params.spec:q}"
        " --code {params.code:q} > {log} 2>&1"
