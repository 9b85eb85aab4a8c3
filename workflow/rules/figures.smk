def needed_tables(w):
    needs = registry.describe("figures", w.figure).constants["needs"]
    return [f"results/tables/{table}.parquet" for table in needs]


FIGURE_CODE = {name: stamps.of("figures", figures=name) for name in FIGURES}


rule figure:
    input:
        tables=needed_tables,
        code=lambda w: FIGURE_CODE[w.figure],
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
        spec=spec(specs.figure(config)),
        caption=lambda w: registry.describe("figures", w.figure).constants["caption"],
    shell:
        "python -m approxgan figure {wildcards.figure} --spec {params.spec:q} > {log} 2>&1"
