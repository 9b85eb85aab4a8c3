rule data:
    output:
        "results/data/{dataset}.npz",
    input:
        code=lambda w: sources.stage("data", datasets=config["datasets"][w.dataset]["kind"]),
    params:
        spec=lambda w: spec(specs.data(config, w.dataset)),
    log:
        "results/logs/data/{dataset}.log",
    shell:
        "python -m approxgan data {wildcards.dataset} --spec {params.spec:q} > {log} 2>&1"
