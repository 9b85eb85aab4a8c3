METRICS = list(config["quality"]["metrics"])


def quality_code(dataset, *models):
    """Of scoring true samples or, with its model, those of a cell."""
    made = [config["models"][name] for name in models]
    loaded = specs.kinds(models=made, datasets=[DEFINED[dataset]])
    return code_inputs.digest("evaluate", metrics=METRICS, **{**loaded, "models": []})


rule evaluate:
    input:
        run=[AT.run("{cell}", file) for file in (paths.SAMPLES, paths.SPEC)],
        data=lambda w: AT.data(CELLS[w.cell].dataset),
    output:
        AT.quality("{cell}"),
    log:
        AT.log("evaluate", "{cell}"),
    resources:
        **asked(
            lambda w: cost.evaluate(
                cells.spec(config, CELLS[w.cell]), specs.quality(config)
            )
        ),
    params:
        code=lambda w: quality_code(CELLS[w.cell].dataset, CELLS[w.cell].model),
        spec=lambda w: spec(specs.quality(config)),
    shell:
        "exec python -m approxgan evaluate {wildcards.cell} --spec {params.spec:q}"
        " --code {params.code:q} > {log} 2>&1"


# Someone else's samples: approxgan add-run.
rule guest:
    input:
        samples=AT.guest_samples("{guest}"),
        about=AT.guest_about("{guest}"),
        data=lambda w: AT.data(GUESTS[w.guest]),
    output:
        AT.guest_scores("{guest}"),
    log:
        AT.log("guest", "{guest}"),
    params:
        code=lambda w: quality_code(GUESTS[w.guest]),
        spec=lambda w: spec(specs.guest(config, GUESTS[w.guest])),
    shell:
        "exec python -m approxgan guest {wildcards.guest} --spec {params.spec:q}"
        " --code {params.code:q} > {log} 2>&1"


rule null:
    input:
        data=AT.data("{dataset}"),
    output:
        AT.null("{dataset}", "{samples}"),
    log:
        AT.log("null", "{dataset}", "samples{samples}"),
    resources:
        **asked(lambda w: cost.null(specs.null(config, w.dataset, int(w.samples)))),
    params:
        code=lambda w: quality_code(w.dataset),
        spec=lambda w: spec(specs.null(config, w.dataset, int(w.samples))),
    shell:
        "exec python -m approxgan null {wildcards.dataset} {wildcards.samples}"
        " --spec {params.spec:q} --code {params.code:q} > {log} 2>&1"
