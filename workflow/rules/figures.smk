def needed_tables(w):
    needs = registry.describe("figures", w.figure).constants["needs"]
    return [AT.table(table) for table in needs]


rule figure:
    input:
        needed_tables,
    output:
        svg=AT.figure("{figure}", "svg"),
        png=report(
            str(AT.figure("{figure}", "png")),
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
    log:
        AT.log("figure", "{figure}"),
    params:
        code=lambda w: code_inputs.digest("figures", figures=w.figure),
        spec=lambda w: spec(specs.figure(config)),
        caption=lambda w: registry.describe("figures", w.figure).constants["caption"],
    shell:
        "exec python -m approxgan figure {wildcards.figure} --spec {params.spec:q}"
        " --code {params.code:q} > {log} 2>&1"
