DIRAC_MODES = cells.probe_modes(config["dirac"])
DIRAC_CODE = {mode: stamps.of("dirac", modes=mode) for mode in DIRAC_MODES}


rule dirac:
    input:
        code=lambda w: DIRAC_CODE[w.mode],
    output:
        "results/dirac/{mode}.parquet",
    log:
        "results/logs/dirac/{mode}.log",
    params:
        spec=lambda w: spec(specs.dirac(config, w.mode)),
    shell:
        "python -m approxgan dirac {wildcards.mode} --spec {params.spec:q} > {log} 2>&1"
