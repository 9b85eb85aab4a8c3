import atexit
import hashlib
import json
import subprocess
from contextlib import suppress
from functools import cache

AT = paths.Results(Path("results"))


class Known(dict):
    """What a target's wildcards may name."""

    def __init__(self, kind, named):
        super().__init__(named)
        self.kind = kind

    def __missing__(self, name):
        # Not an InputError: Snakemake would wrap it in the traceback of an input function.
        sys.exit(f"approxgan: {name!r} is not a {self.kind} of this config")


CELLS = Known("cell", cells.cells(config))
DEFINED = Known("dataset", config["datasets"])
PROBES = cells.probes(config)
DATASETS = cells.used_datasets(config)
try:
    GUESTS = Known("guest", guests.scored(AT, cells.scored(config)))
except InputError as error:
    sys.exit(f"approxgan: {error}")
FIGURES = guests.figures(config["figures"]["names"], bool(GUESTS))
DRAWN = [AT.figure(name, kind) for name in FIGURES for kind in ("svg", "png")]
TABLES = [name for name in tables.COLUMNS if name not in tables.JUDGED]


wildcard_constraints:
    dataset="[a-z][a-z0-9_]*",
    samples="[1-9][0-9]*",
    mode="|".join(registry.names("modes")),
    table="|".join(TABLES),
    figure="|".join(FIGURES),
    guest="[a-z][a-z0-9_]*",
    # Not the cells' own names: Snakemake reads a constraint again for every file of every job.
    cell="/".join(["[^/]+"] * paths.RUN_DEPTH),
    tuning="/".join(["[^/]+"] * paths.TUNING_DEPTH),
    probe="|".join(map(re.escape, PROBES)),


def both(table):
    """A table's two files."""
    return [AT.table(table), AT.table(table, "csv")]


def spec(value):
    """A stage's spec as one word of a command: Linux takes no word of 128 kB, hence files."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    if len(text) < 60_000:
        return text
    path = AT.spec(hashlib.sha256(text.encode()).hexdigest()[:16])
    if not workflow.dryrun and not path.exists():
        files.write_text(path, text)
    return f"@{path}"


def planned():
    """The jobs of this run, each with its rule, its name and its estimated seconds."""
    known = {job[:2]: job.cost.seconds for job in cost.jobs(config)}
    for job in workflow.dag.needrun_jobs():
        if not job.is_norun:
            key = (job.rule.name, " ".join(job.wildcards_dict.values()))
            # A data set that no study uses is made by name alone.
            yield *key, known.get(key, cost.light().seconds)


def recorded():
    """Which config the results are made with, and from which files."""
    read = ["config.yaml", *workflow.config_settings.configfiles]
    return {"files": list(map(os.path.relpath, read)), "config": config}


@atexit.register
def record_again():
    """Snakemake calls no hook where nothing is due, but the record may be lost or of other limits."""
    if not workflow.is_main_process or workflow.dryrun or workflow.scheduler is None:
        return
    if not len(workflow.dag):
        with suppress(InputError):
            if files.read_json(AT.config) == recorded():
                return
        with suppress(OSError):  # of a folder that is only read
            files.write_json(AT.config, recorded())


onstart:
    # Snakemake 9.27 wakes its scheduler once a second more for every job that has ended, to keep to
    # a rate of starts that no run comes near: after 200 jobs that was half a core.
    workflow.scheduler.job_rate_limiter = None
    # Settings' values are checked by the variants themselves, which import torch: once per run,
    # in this process' child, and before any job.
    checked = subprocess.run(
        [sys.executable, "-m", "approxgan", "check", "--spec", "-"],
        input=json.dumps(config),
        capture_output=True,
        encoding="utf-8",
    )
    if checked.returncode:
        sys.stderr.write(checked.stderr)
        sys.exit(1)
    files.write_json(AT.config, recorded())
    for handler in workflow.logger_manager.get_log_handlers():
        if hasattr(handler, "begin"):
            handler.begin(AT, planned(), workflow.resource_settings.cores or 1)
