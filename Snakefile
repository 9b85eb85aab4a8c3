"""The whole experiment: `snakemake --cores 8` makes results/report.html."""

import os
import sys
from pathlib import Path

from snakemake.utils import min_version

from approxgan.config import load, registry
from approxgan.config import estimate
from approxgan.core.errors import InputError
from approxgan.design import cells, check, specs
from approxgan.storage import code_inputs, stamps, tables

min_version("9.0")


configfile: "config.yaml"


try:
    load.check(map(Path, ["config.yaml", *workflow.config_settings.configfiles]))
    config.update(check.checked(config))
except InputError as error:
    sys.exit(f"approxgan: {error}")


# `python` in a rule is the interpreter that runs Snakemake, activated or not.
shell.prefix(f"export PATH={os.path.dirname(sys.executable)}:$PATH; ")


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/resources.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/probe.smk"
include: "workflow/rules/dirac.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"


# Seconds each: run where Snakemake runs, not submitted.
localrules:
    all,
    data,
    dirac,
    collect,
    figure,
    claims,
    report,


rule all:
    default_target: True
    input:
        "results/report.html",
