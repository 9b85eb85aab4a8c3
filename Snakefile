"""The whole experiment: `snakemake --cores 8` makes results/report.html."""

import os
import shlex
import sys
from pathlib import Path

from snakemake.persistence import PersistenceBase
from snakemake.utils import min_version

from approxgan.config import load, registry
from approxgan.core.errors import InputError
from approxgan.design import cells, check, cost, paths, specs
from approxgan.storage import code_inputs, files, guests, tables

min_version("9.0")


configfile: "config.yaml"


try:
    load.check(map(Path, ["config.yaml", *workflow.config_settings.configfiles]))
    config.update(check.checked(config))
except InputError as error:
    given = workflow.config_settings.config
    hint = "; numbers within --config are texts: write an overlay" if given else ""
    sys.exit(f"approxgan: {error}{hint}")


# `python` in a rule is the interpreter that runs Snakemake, activated or not. A prefix replaces
# Snakemake's own, which ends a job of bash at its first failure.
strict = (
    "set -euo pipefail; " if (shell.get_executable() or "").endswith("bash") else ""
)
interpreter = shlex.quote(os.path.dirname(sys.executable))
prefix = f"{strict}export PATH={interpreter}:$PATH; "
shell.prefix(prefix.replace("{", "{{").replace("}", "}}"))


unfinished = PersistenceBase.incomplete


def spoilt(job, path):
    """Whether a file was emptied or cut, or says that it was trained by another config."""
    if not files.is_whole(path):
        return True
    if path.name != "spec.json":
        return False
    try:
        found = {**files.read_json(path), "chosen": {}}
        return found != cells.spec(config, CELLS[job.wildcards.cell])
    except InputError:
        return True


# Such a file is one that no job has finished: Snakemake makes it again before anything reads it,
# and says so in a dry run.
async def unfinished_or_spoilt(self, job):
    there = [f for f in job.output if os.path.exists(f)]
    return [*await unfinished(self, job), *(f for f in there if spoilt(job, Path(f)))]


PersistenceBase.incomplete = unfinished_or_spoilt


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/resources.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/probe.smk"
include: "workflow/rules/dirac.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/tune.smk"
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
    manifest,


# All that a user has: what is missing or damaged is made again, whatever else is there.
rule all:
    default_target: True
    input:
        sorted(set().union(*GATHERED.values())),
        of_cells(paths.PARAMETERS, paths.SPEC),
        [AT.points(probe) for probe in PROBES],
        [both(table) for table in tables.COLUMNS],
        DRAWN,
        AT.page,
        AT.summary,
        AT.manifest,
        AT.crate,
    message:
        "all results are there: results/report.html"
