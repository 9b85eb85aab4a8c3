def programs(*definitions):
    return [*map(code_inputs.of_file, specs.programs(*definitions))]


rule data:
    output:
        AT.data("{dataset}"),
    log:
        AT.log("data", "{dataset}"),
    params:
        code=lambda w: code_inputs.digest(
            "data", **specs.kinds(datasets=[DEFINED[w.dataset]])
        ),
        files=lambda w: [
            *map(code_inputs.of_file, cells.files(DEFINED[w.dataset])),
            *programs(DEFINED[w.dataset]),
        ],
        spec=lambda w: spec(specs.data(config, w.dataset)),
    shell:
        "exec python -m approxgan data {wildcards.dataset} --spec {params.spec:q}"
        " --code {params.code:q} > {log} 2>&1"
