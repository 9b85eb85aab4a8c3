TUNINGS = Known("tuning", cells.tunings(config))


def tuning_code(name):
    dataset, model = name.split("/")[1:3]
    deciding = specs.tune(config, name, TUNINGS)["quality"]["metrics"]
    return quality_code(dataset, model, metrics=deciding)


rule tune:
    input:
        runs=lambda w: [
            AT.run(cell, file)
            for tried in TUNINGS[w.tuning]
            for cell in tried["cells"]
            for file in (paths.SAMPLES, paths.SPEC)
        ],
        data=lambda w: AT.data(w.tuning.split("/")[1]),
    output:
        AT.tuning("{tuning}"),
    log:
        AT.log("tune", "{tuning}"),
    params:
        code=lambda w: tuning_code(w.tuning),
        spec=lambda w: spec(specs.tune(config, w.tuning, TUNINGS)),
    shell:
        "exec python -m approxgan tune {wildcards.tuning} --spec {params.spec:q}"
        " --code {params.code:q} > {log} 2>&1"
