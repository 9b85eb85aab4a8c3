def probe_code(name, *modes):
    probe = PROBES[name]
    by_mode = cells.probe_modes(probe)
    entries = [entry for mode in modes for entry in by_mode.get(mode, [])]
    return code_inputs.digest(
        "probe",
        modes=list(modes),
        rules=cells.rules_of(
            *(c for entry in entries for c in cells.choices_of(entry))
        ),
        losses=cells.loss_definition(config, probe["loss"])["kind"],
        **specs.kinds(models=[config["models"][probe["model"]]]),
    )


PROBE_CODE = Known(
    "probe and mode",
    {
        (name, mode): probe_code(name, mode)
        for name, probe in PROBES.items()
        for mode in cells.probe_modes(probe)
    },
)


rule points:
    input:
        data=lambda w: AT.data(PROBES[w.probe]["dataset"]),
    output:
        AT.points("{probe}"),
    log:
        AT.log("probe", "{probe}", "points"),
    threads: 1
    resources:
        **asked(lambda w: cost.points(specs.points(config, w.probe))),
        gpu=lambda w: gpus(PROBES[w.probe]["training"]),
    params:
        code=lambda w: probe_code(w.probe, *cells.path_modes(PROBES[w.probe])),
        files=lambda w: programs(config["models"][PROBES[w.probe]["model"]]),
        spec=lambda w: spec(specs.points(config, w.probe)),
    shell:
        "exec python -m approxgan points {wildcards.probe} --spec {params.spec:q}"
        " --code {params.code:q} --threads {threads} > {log} 2>&1"


rule describe:
    input:
        points=AT.points("{probe}"),
    output:
        AT.described("{probe}"),
    log:
        AT.log("probe", "{probe}", "describe"),
    threads: 1
    resources:
        **asked(lambda w: cost.describe(specs.describe(config, w.probe))),
    params:
        code=lambda w: probe_code(w.probe),
        spec=lambda w: spec(specs.describe(config, w.probe)),
    shell:
        "exec python -m approxgan describe {wildcards.probe} --spec {params.spec:q}"
        " --code {params.code:q} --threads {threads} > {log} 2>&1"


rule probe:
    input:
        points=AT.points("{probe}"),
    output:
        AT.measured("{probe}", "{mode}"),
    log:
        AT.log("probe", "{probe}", "{mode}"),
    threads: 1
    resources:
        **asked(lambda w: cost.probe(specs.probe_mode(config, w.probe, w.mode))),
    params:
        code=lambda w: PROBE_CODE[w.probe, w.mode],
        spec=lambda w: spec(specs.probe_mode(config, w.probe, w.mode)),
    shell:
        "exec python -m approxgan probe {wildcards.probe} {wildcards.mode} --spec {params.spec:q}"
        " --code {params.code:q} --threads {threads} > {log} 2>&1"
