"""What each subcommand does: loads its stage, and calls it with its spec and its paths.

The first line of a function is its help. ``args`` holds the parsed arguments, the paths of the
results as ``at``, and a stage's spec as ``spec``.
"""

import re
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from approxgan.config import load, registry
from approxgan.core.errors import InputError
from approxgan.design import cells as grid
from approxgan.design import check as design
from approxgan.design import cost
from approxgan.design.paths import PROBE_DEPTH, RUN_DEPTH, SPEC, TUNING_DEPTH

FAMILIES = tuple(registry.FAMILIES)
DEFAULT = Path("config.yaml")
WORD = r"[a-z][a-z0-9_]*"
PARTS = {"cell": RUN_DEPTH, "tuning": TUNING_DEPTH, "probe": PROBE_DEPTH}
"""Names that are folders, and how many parts they have."""


def check_names(names: Mapping[str, str]) -> None:
    """Raise ``InputError`` for a name that could be a path to somewhere else."""
    for kind, name in names.items():
        parts = name.split("/")
        pattern = r"[A-Za-z0-9_+][A-Za-z0-9_+.-]*" if kind in ("cell", "tuning") else WORD
        fine = len(parts) == PARTS.get(kind, 1)
        if not fine or not all(re.fullmatch(pattern, part) for part in parts):
            accepted = f"{PARTS[kind]} names separated by /" if kind in PARTS else "one name"
            raise InputError(
                f"{kind} {name!r}: not a name; accepted: {accepted}, of letters, digits and _"
            )


def list_(args: Namespace) -> None:
    """List all variants, or those of one family."""
    chosen = FAMILIES if args.family is None else (args.family,)
    for family in chosen:
        if family not in FAMILIES:
            raise InputError(f"{family!r} is not a family; accepted: {', '.join(FAMILIES)}")
        if args.family is None:
            print(f"{family}:")
        names = registry.names(family)
        width = max((len(name) for name in names), default=0)
        for name in names:
            about = registry.describe(family, name)
            needed = [*about.required]
            needed += ["epsilon"] if about.constants.get("takes_epsilon") else []
            settings = f" [{', '.join(needed)}]" if needed else ""
            print(f"  {name:<{width}}  {about.summary}{settings}")


def config(args: Namespace) -> dict[str, Any]:
    """config.yaml and the overlays given; without any, the config that the results were made with.

    stderr names the files of that config, and says whether they have changed since.
    """
    made = args.at.config
    if args.configfile or not made.exists():
        return design.fully_checked(load.config([DEFAULT, *args.configfile]))
    from approxgan.storage import files

    recorded = files.read_json(made)
    config, names = recorded["config"], recorded["files"]
    if not (names and isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise InputError(f"{made}: files is {names!r}; names are accepted; {files.MAKE}")
    try:
        same = load.config([Path(name) for name in names]) == config
    except InputError:
        same = False
    # config.yaml laid over itself is config.yaml.
    again = f"--configfile {' '.join(names[1:] or names)}"
    about = "" if same else f"; differs from these files now, which {again} reads"
    print(f"config: {made}, from {' + '.join(names)}{about}", file=sys.stderr)
    return design.fully_checked(config)


def cells(args: Namespace) -> None:
    """List the cells of a config, tries first."""
    for name in grid.trained(config(args)):
        print(name)


def plan(args: Namespace) -> None:
    """Estimate the jobs, time, memory and disk of a config."""
    from approxgan.cli import plan as forecast

    def show(config: dict[str, Any]) -> None:
        said = forecast.prepare(config)
        print(forecast.text(list(cost.jobs(config))))
        print(said + forecast.measured(config, args.results))

    design.fully_checked(load.config([DEFAULT, *args.configfile]), args.results, show)


def check(args: Namespace) -> None:
    """Check a config, with all settings and limits."""
    if args.readable:
        return load.check([DEFAULT, *args.configfile])
    found = load.config([DEFAULT, *args.configfile]) if args.spec is None else args.spec
    design.fully_checked(found, args.results)


def data(args: Namespace) -> None:
    """Make a dataset's training set."""
    from approxgan.data.stage import make

    make(args.spec, args.at.data(args.dataset))


def train(args: Namespace) -> None:
    """Train one cell: a block of seeds at one point of the grid."""
    from approxgan.training.stage import run_or_wait

    given = (args.threads, args.checkpoint_seconds, args.code)
    run_or_wait(args.spec, args.results, args.at.run(args.cell), *given)


def evaluate(args: Namespace) -> None:
    """Score the samples of a trained cell."""
    from approxgan.evaluate.stage import run
    from approxgan.storage import files

    dataset = str(files.read_json(args.at.run(args.cell, SPEC))["dataset"])
    check_names({"dataset": dataset})
    run(args.at.run(args.cell), args.at.data(dataset), args.spec, args.at.quality(args.cell))


def tune(args: Namespace) -> None:
    """Train a tuning's tries that are not there, and choose the best."""
    from approxgan.tune.stage import run

    run(args.spec, args.at, args.at.tuning(args.tuning), args.threads, args.checkpoint_seconds)


def add_run(args: Namespace) -> None:
    """Add samples of another training to the tables and figures, as a guest."""
    from approxgan.cli.guest import add

    name, what = add(args.folder, config(args), args.at)
    print(f"added {args.at.guest_about(name).parent}: {what}; snakemake scores it")


def guest(args: Namespace) -> None:
    """Score a guest as runs are scored."""
    from approxgan.evaluate.stage import guest as score

    score(args.spec, args.guest, args.at)


def null(args: Namespace) -> None:
    """Score true samples against true samples."""
    from approxgan.evaluate.stage import null as score

    score(args.spec, args.at.data(args.dataset), args.at.null(args.dataset, args.samples))


def points(args: Namespace) -> None:
    """Train the exact trajectory on which modes are probed."""
    from approxgan.probe.stage import points as keep

    keep(args.spec, args.at.data(args.spec["dataset"]), args.at.points(args.probe), args.threads)


def describe(args: Namespace) -> None:
    """Measure what theory needs at the probed points."""
    from approxgan.probe.stage import describe as measure

    measure(args.spec, args.at.points(args.probe), args.at.described(args.probe), args.threads)


def probe(args: Namespace) -> None:
    """Measure a mode's gradient error at the probed points."""
    from approxgan.probe.stage import run

    out = args.at.measured(args.probe, args.mode)
    run(args.spec, args.mode, args.at.points(args.probe), out, args.threads)


def dirac(args: Namespace) -> None:
    """Play the Dirac-GAN with one gradient mode."""
    from approxgan.dirac.stage import run

    run(args.spec, args.mode, args.at.dirac(args.mode))


def collect(args: Namespace) -> None:
    """Gather one table from the results of all cells."""
    from approxgan.collect.stage import table

    table(args.table, args.spec, args.at)


def comparisons(args: Namespace) -> None:
    """Compare every cell with exact, number by number."""
    from approxgan.compare.stage import write

    write(args.at.tables, args.spec, args.at.tables)


def claims(args: Namespace) -> None:
    """Judge the article's claims by the tables."""
    from approxgan.claims.stage import write

    write(args.at.tables, args.spec, args.at.tables)


def figure(args: Namespace) -> None:
    """Draw one figure from the tables."""
    from approxgan.figures.stage import draw

    draw(args.figure, args.at.tables, args.at.figures / args.figure, args.spec["dpi"])


def report(args: Namespace) -> None:
    """Write the report."""
    from approxgan.report.stage import stage as write

    write(args.spec, args.results)


def manifest(args: Namespace) -> None:
    """Write what the results are: their config, versions and digests."""
    from approxgan.archive.stage import stage as write

    write(args.spec, args.at)


def pack(args: Namespace) -> None:
    """Put tables, figures, report, config and manifest into one file."""
    from approxgan.archive.pack import write

    path = args.to or args.at.pack
    count, size = write(args.at, path)
    print(f"wrote {path}: {count} files, {size / 1e6:.1f} MB")


def beside(args: Namespace) -> None:
    """Put another run beside this one, in words and on a page."""
    from approxgan.reference import page, sides
    from approxgan.reference.beside import compare

    found = compare(sides.read(args.results), sides.read(args.beside))
    wrong, allowed = found.told("the other")
    for line in (*wrong, *(f"may differ: {line}" for line in allowed)):
        print(line)
    page.write(found, args.at.beside)
    print(f"{page.sentence(found)}\nwrote {args.at.beside}")


def verify(args: Namespace) -> None:
    """Compare a finished run with the reference results."""
    from approxgan.reference import sides
    from approxgan.reference.beside import compare

    found = compare(sides.read(args.results), sides.read(args.reference))
    wrong, allowed = found.told("the reference")
    for line in (*(f"may differ: {line}" for line in allowed), *(f"differs: {w}" for w in wrong)):
        print(line)
    total = f"{len(found.tested())} numbers compared with {args.reference}"
    if wrong:
        raise InputError(f"{total}; differences, listed above: {len(wrong)}")
    print(f"{total}: all agree")


def reference(args: Namespace) -> None:
    """Write the reference results of a finished run."""
    from approxgan.reference import readme
    from approxgan.reference.stage import of
    from approxgan.storage import files

    tables = args.at.tables
    known = of(tables, args.made_by)
    written = [args.reference]
    if args.readme is not None:
        written += [readme.show(known, args.reference, tables, args.readme), args.readme]
    files.write_json(args.reference, known)
    print(f"wrote {', '.join(map(str, written))}")


def advise(args: Namespace) -> None:
    """Say which estimator to take for a loss, by theory and by the reference results."""
    from approxgan.library import advice

    names = ("dimension", "evaluations", "precision", "noise", "steps", "draws")
    print(advice.advise(**{name: getattr(args, name) for name in names}))


def doctor(args: Namespace) -> None:
    """Check what is installed here."""
    from approxgan.cli.doctor import examine, text

    found = examine(args.results)
    print(text(found))
    wrong = [what for fine, what, _ in found if not fine]
    if wrong:
        raise InputError(f"checks failed, marked !! above: {', '.join(wrong)}")


def status(args: Namespace) -> None:
    """List cells that are trained, missing or not in the config; or watch the run."""
    from approxgan.cli import status as found

    if args.watch:
        from approxgan.cli import progress

        return progress.watch(args.at, sys.stdout)
    report = found.of(config(args), args.results)
    print(found.text(report))
    if args.remove and report.stale and (args.yes or _agreed(len(report.stale))):
        removed = found.remove(report, args.results)
        print(f"removed {removed} folders of cells that the config does not have")


def _agreed(number: int) -> bool:
    try:
        return input(f"remove these {number} folders? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        raise InputError(
            "--remove asks first, but there is no terminal; add --yes to remove without asking"
        ) from None
