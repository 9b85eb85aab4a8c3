def needed_tables(w):
    needs = registry.describe("figures", w.figure).constants["needs"]
    return [f"results/tables/{table}.parquet" for table in needs]


rule figure:
    input:
        needed_tables,
    output:
        svg="results/figures/{figure}.svg",
        png=report(
            "results/figures/{figure}.png",
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
    log:
        "results/logs/figure/{figure}.log",
    params:
        code=lambda w: code_inputs.digest("figures", figures=w.figure),
        spec=lambda w: spec(specs.figure(config)),
        caption=lambda w: registry.describe("figures", w.figure).constants["caption"],
    shell:
        "python -m approxgan figure {wildcards.figure} --spec {params.spec:q}"
        " --code {params.code:q} > {log} 2>&1"
