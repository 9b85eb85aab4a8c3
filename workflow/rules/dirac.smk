DIRAC_CODE = Known(
    "mode of dirac",
    {
        mode: code_inputs.digest("dirac", modes=mode)
        for mode in cells.probe_modes(config["dirac"])
    },
)


rule dirac:
    output:
        AT.dirac("{mode}"),
    log:
        AT.log("dirac", "{mode}"),
    params:
        code=lambda w: DIRAC_CODE[w.mode],
        spec=lambda w: spec(specs.dirac(config, w.mode)),
    shell:
        "exec python -m approxgan dirac {wildcards.mode} --spec {params.spec:q}"
        " --code {params.code:q} > {log} 2>&1"
