def of_cells(*files):
    return [f"results/runs/{cell}/{file}" for cell in CELLS for file in files]


def of_probes(name, probe):
    return [f"results/probe/{name}/{mode}.parquet" for mode in cells.probe_modes(probe)]


GATHERED = {
    "training": of_cells("trace.npz"),
    "outcomes": of_cells("trace.npz"),
    "quality": of_cells("quality.parquet"),
    "quality_null": [
        f"results/null/{name}/samples{samples}.parquet"
        for name, sizes in cells.scored(config).items()
        for samples in sizes
    ],
    "gradient_error": [path for item in PROBES.items() for path in of_probes(*item)],
    "layer_error": [path for item in PROBES.items() for path in of_probes(*item)],
    "probe_points": [f"results/probe/{name}/points.parquet" for name in PROBES],
    "cost": of_cells("cost.json"),
    "samples": of_cells("samples.npz"),
    "evolution": of_cells("samples.npz"),
    "data": [f"results/data/{name}.npz" for name in DATASETS],
    "images": [*of_cells("samples.npz"), *(f"results/data/{n}.npz" for n in DATASETS)],
    "dirac": [f"results/dirac/{m}.parquet" for m in cells.probe_modes(config["dirac"])],
}


KINDS = [config["datasets"][name]["kind"] for name in DATASETS]


def collect_code(table):
    return code_inputs.digest(
        "collect",
        datasets=KINDS if table in specs.DRAWN else [],
        metrics=config["quality"]["metrics"] if table == "quality" else [],
    )


rule collect:
    input:
        lambda w: GATHERED[w.table],
    output:
        multiext("results/tables/{table}", ".parquet", ".csv"),
    log:
        "results/logs/collect/{table}.log",
    params:
        code=lambda w: collect_code(w.table),
        spec=lambda w: spec(specs.collect(config, w.table)),
    shell:
        "python -m approxgan collect {wildcards.table} --spec {params.spec:q}"
        " --code {params.code:q} > {log} 2>&1"


rule comparisons:
    input:
        tables=expand(
            "results/tables/{table}.parquet",
            table=["outcomes", "quality", "quality_null"],
        ),
    output:
        multiext("results/tables/comparisons", ".parquet", ".csv"),
        multiext("results/tables/aggregates", ".parquet", ".csv"),
    log:
        "results/logs/comparisons.log",
    resources:
        **asked(lambda w: cost.judged(len(CELLS), config["claims"])),
    params:
        code=code_inputs.digest("compare"),
        spec=lambda w: spec(specs.comparisons(config)),
    shell:
        "python -m approxgan comparisons --spec {params.spec:q}"
        " --code {params.code:q} > {log} 2>&1"


rule claims:
    input:
        tables=expand(
            "results/tables/{table}.parquet",
            table=["outcomes", "quality", "gradient_error", "cost", "comparisons"],
        ),
    output:
        multiext("results/tables/claims", ".parquet", ".csv"),
    log:
        "results/logs/claims.log",
    params:
        code=code_inputs.digest("claims"),
        spec=lambda w: spec(specs.claims(config)),
    shell:
        "python -m approxgan claims --spec {params.spec:q}"
        " --code {params.code:q} > {log} 2>&1"
