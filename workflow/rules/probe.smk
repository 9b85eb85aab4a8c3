def probe_code(name, *modes):
    probe = PROBES[name]
    by_mode = cells.probe_modes(probe)
    entries = [entry for mode in modes for entry in by_mode.get(mode, [])]
    return stamps.of(
        "probe",
        modes=list(modes),
        rules=cells.rules_of(*(c for entry in entries for c in cells.choices_of(entry))),
        losses=cells.loss_definition(config, probe["loss"])["kind"],
        models=config["models"][probe["model"]]["kind"],
    )


POINTS_CODE = {name: probe_code(name, "exact") for name in PROBES}
DESCRIBE_CODE = {name: probe_code(name) for name in PROBES}
PROBE_CODE = {
    (name, mode): probe_code(name, mode)
    for name, probe in PROBES.items()
    for mode in cells.probe_modes(probe)
}


rule points:
    input:
        data=lambda w: f"results/data/{PROBES[w.probe]['dataset']}.npz",
        code=lambda w: POINTS_CODE[w.probe],
    output:
        "results/probe/{probe}/points.npz",
    log:
        "results/logs/probe/{probe}/points.log",
    threads: 1
    resources:
        **asked(lambda w: estimate.points(specs.points(config, w.probe))),
        gpu=lambda w: gpus(PROBES[w.probe]["training"]),
    params:
        spec=lambda w: spec(specs.points(config, w.probe)),
    shell:
        "python -m approxgan points {wildcards.probe} --spec {params.spec:q}"
        " --threads {threads} > {log} 2>&1"


rule describe:
    input:
        points="results/probe/{probe}/points.npz",
        code=lambda w: DESCRIBE_CODE[w.probe],
    output:
        "results/probe/{probe}/points.parquet",
    log:
        "results/logs/probe/{probe}/describe.log",
    threads: 1
    resources:
        **asked(lambda w: estimate.describe(specs.describe(config, w.probe))),
    params:
        spec=lambda w: spec(specs.describe(config, w.probe)),
    shell:
        "python -m approxgan describe {wildcards.probe} --spec {params.spec:q}"
        " --threads {threads} > {log} 2>&1"


rule probe:
    input:
        points="results/probe/{probe}/points.npz",
        code=lambda w: PROBE_CODE[w.probe, w.mode],
    output:
        "results/probe/{probe}/{mode}.parquet",
    log:
        "results/logs/probe/{probe}/{mode}.log",
    threads: 1
    resources:
        **asked(lambda w: estimate.probe(specs.probe_mode(config, w.probe, w.mode))),
    params:
        spec=lambda w: spec(specs.probe_mode(config, w.probe, w.mode)),
    shell:
        "python -m approxgan probe {wildcards.probe} {wildcards.mode} --spec {params.spec:q}"
        " --threads {threads} > {log} 2>&1"
