DATA_CODE = {
    name: stamps.of("data", datasets=definition["kind"])
    for name, definition in config["datasets"].items()
}


rule data:
    input:
        files=lambda w: cells.files(config["datasets"][w.dataset]),
        code=lambda w: DATA_CODE[w.dataset],
    output:
        "results/data/{dataset}.npz",
    log:
        "results/logs/data/{dataset}.log",
    params:
        spec=lambda w: spec(specs.data(config, w.dataset)),
    shell:
        "python -m approxgan data {wildcards.dataset} --spec {params.spec:q} > {log} 2>&1"
