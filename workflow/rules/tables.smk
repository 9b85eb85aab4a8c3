def of_cells(*files):
    return [AT.run(cell, file) for cell in CELLS for file in files]


def of_probes(name, probe):
    return [AT.measured(name, mode) for mode in cells.probe_modes(probe)]


GATHERED = {
    "tuning": [AT.tuning(name) for name in TUNINGS],
    "training": of_cells(paths.TRACE),
    "outcomes": of_cells(paths.TRACE),
    "quality": of_cells(paths.SCORES),
    "quality_null": [
        AT.null(name, samples)
        for name, sizes in cells.scored(config).items()
        for samples in sizes
    ],
    "gradient_error": [path for item in PROBES.items() for path in of_probes(*item)],
    "layer_error": [path for item in PROBES.items() for path in of_probes(*item)],
    "probe_points": [AT.described(name) for name in PROBES],
    "cost": of_cells(paths.COST, paths.TRACE),
    "samples": of_cells(paths.SAMPLES),
    "evolution": of_cells(paths.SAMPLES),
    "data": [AT.data(name) for name in DATASETS],
    "images": [*of_cells(paths.SAMPLES), *(AT.data(n) for n in DATASETS)],
    "guests": [
        path(name) for name in GUESTS for path in (AT.guest_scores, AT.guest_about)
    ],
    "guest_samples": [
        path(name) for name in GUESTS for path in (AT.guest_samples, AT.guest_about)
    ],
    "dirac": [AT.dirac(m) for m in cells.probe_modes(config["dirac"])],
}


def kinds(names):
    return specs.kinds(datasets=[config["datasets"][name] for name in names])


KINDS = {
    **dict.fromkeys(specs.DRAWN, kinds(DATASETS)),
    "guest_samples": kinds(GUESTS.values()),
}
MEASURED = ["quality", *(["guests"] if GUESTS else [])]


def collect_code(table):
    return code_inputs.digest(
        "collect",
        **KINDS.get(table, {}),
        metrics=config["quality"]["metrics"] if table in MEASURED else [],
    )


rule collect:
    input:
        lambda w: GATHERED[w.table],
    output:
        both("{table}"),
    log:
        AT.log("collect", "{table}"),
    params:
        code=lambda w: collect_code(w.table),
        spec=lambda w: spec(specs.collect(config, w.table, CELLS, GUESTS)),
    shell:
        "exec python -m approxgan collect {wildcards.table} --spec {params.spec:q}"
        " --code {params.code:q} > {log} 2>&1"


rule comparisons:
    input:
        tables=[AT.table(name) for name in ["outcomes", "quality", "quality_null"]],
    output:
        both("comparisons"),
        both("aggregates"),
    log:
        AT.log("comparisons"),
    resources:
        **asked(lambda w: cost.judged(len(CELLS), config["claims"])),
    params:
        code=code_inputs.digest("compare"),
        spec=lambda w: spec(specs.comparisons(config)),
    shell:
        "exec python -m approxgan comparisons --spec {params.spec:q}"
        " --code {params.code:q} > {log} 2>&1"


rule claims:
    input:
        tables=[
            AT.table(name)
            for name in [
                "outcomes",
                "quality",
                "gradient_error",
                "cost",
                "comparisons",
                "training",
                "tuning",
                "quality_null",
            ]
        ],
    output:
        both("claims"),
        both("epsilon_rules"),
        both("no_gradient"),
        both("noise_laws"),
    log:
        AT.log("claims"),
    params:
        code=code_inputs.digest("claims"),
        spec=lambda w: spec(specs.claims(config)),
    shell:
        "exec python -m approxgan claims --spec {params.spec:q}"
        " --code {params.code:q} > {log} 2>&1"
