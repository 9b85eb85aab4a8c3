rule dirac:
    input:
        code=lambda w: sources.stage("dirac", modes=w.mode),
    output:
        "results/dirac/{mode}.parquet",
    log:
        "results/logs/dirac/{mode}.log",
    params:
        spec=lambda w: spec(specs.dirac(config, w.mode)),
    shell:
        "python -m approxgan dirac {wildcards.mode} --spec {params.spec:q} > {log} 2>&1"
