TUNINGS = Known("tuning", cells.tunings(config))


@cache
def tuned(name):
    return specs.tune(config, name, {name: TUNINGS[name]})


# Trains its tries itself. Their folders are no outputs, which Snakemake would remove: what is there
# and still fits is kept.
rule tune:
    input:
        data=lambda w: AT.data(tuned(w.tuning)["dataset"]),
    output:
        AT.tuning("{tuning}"),
    log:
        AT.log("tune", "{tuning}"),
    # Cells wait for it.
    priority: 1
    threads: 1
    resources:
        **asked(lambda w: cost.tune(tuned(w.tuning))),
        gpu=lambda w: max(gpus(run["training"]) for run in specs.runs(tuned(w.tuning))),
    params:
        code=lambda w: code_inputs.digest("tune", **specs.tried(tuned(w.tuning))),
        files=lambda w: programs(config["models"][w.tuning.split("/")[2]]),
        spec=lambda w: spec(tuned(w.tuning)),
    shell:
        "exec python -m approxgan tune {wildcards.tuning} --spec {params.spec:q}"
        " --code {params.code:q} --threads {threads} > {log} 2>&1"
