rule data:
    input:
        files=lambda w: grid.files(config["datasets"][w.dataset]),
        code=lambda w: sources.stage(
            "data", datasets=config["datasets"][w.dataset]["kind"]
        ),
    output:
        "results/data/{dataset}.npz",
    log:
        "results/logs/data/{dataset}.log",
    params:
        spec=lambda w: spec(specs.data(config, w.dataset)),
    shell:
        "python -m approxgan data {wildcards.dataset} --spec {params.spec:q} > {log} 2>&1"
