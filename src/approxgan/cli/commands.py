"""What each subcommand does: finds its spec and its paths, loads its stage, calls it."""

from __future__ import annotations

import re
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from approxgan.config import load, registry
from approxgan.core.errors import InputError
from approxgan.design import cells as grid
from approxgan.design import check as design
from approxgan.design import cost, specs
from approxgan.design.paths import PROBE_DEPTH, RUN_DEPTH, SPEC, TUNING_DEPTH, Results

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


def listing(args: Namespace) -> None:
    """Names and first lines of the variants; reads their text only."""
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


def _config(args: Namespace) -> dict[str, Any]:
    """config.yaml and the overlays given; without any, the config that the results were made with.

    Which one that is is said on stderr, and whether the files that it was read from differ by now.
    """
    made = _at(args).config
    if args.configfile or not made.exists():
        return design.fully_checked(load.config([DEFAULT, *args.configfile]))
    from approxgan.storage import files

    recorded = files.read_json(made)
    config, names = recorded["config"], recorded["files"]
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
    for name in grid.trained(_config(args)):
        print(name)


def plan(args: Namespace) -> None:
    from approxgan.cli import plan as forecast

    def show(config: dict[str, Any]) -> None:
        said = forecast.prepare(config)
        print(forecast.text(list(cost.jobs(config))))
        print(said + forecast.measured(config, args.results))

    design.fully_checked(load.config([DEFAULT, *args.configfile]), args.results, show)


def check(args: Namespace) -> None:
    found = load.config([DEFAULT, *args.configfile]) if args.spec is None else args.spec
    design.fully_checked(found, args.results)


def _spec(args: Namespace, make: Callable[..., Any], *names: str | int) -> Any:
    """The spec handed over, or the same one made from the config."""
    return args.spec if args.spec is not None else make(_config(args), *names)


def _at(args: Namespace) -> Results:
    return Results(args.results)


def data(args: Namespace) -> None:
    from approxgan.data.stage import make

    make(_spec(args, specs.data, args.dataset), _at(args).data(args.dataset))


def train(args: Namespace) -> None:
    from approxgan.training.ownership import Superseded, wait_for_successor
    from approxgan.training.stage import run

    spec = _spec(args, specs.train, args.cell)
    out = _at(args).run(args.cell)
    try:
        run(spec, args.results, out, args.threads, args.checkpoint_seconds, args.code)
    except Superseded:
        print(f"{out}: another process has begun to train this cell; waiting for it", flush=True)
        wait_for_successor(out, spec)


def evaluate(args: Namespace) -> None:
    from approxgan.evaluate.stage import run
    from approxgan.storage import files

    at, cell, quality = _at(args), args.cell, _spec(args, specs.quality, args.cell)
    dataset = str(files.read_json(at.run(cell, SPEC))["dataset"])
    check_names({"dataset": dataset})
    run(at.run(cell), at.data(dataset), quality, at.quality(cell))


def tune(args: Namespace) -> None:
    from approxgan.tune.stage import run

    at = _at(args)
    run(_spec(args, specs.tune, args.tuning), at, at.tuning(args.tuning))


def null(args: Namespace) -> None:
    from approxgan.evaluate.stage import null as score

    spec = _spec(args, specs.null, args.dataset, args.samples)
    at = _at(args)
    score(spec, at.data(args.dataset), at.null(args.dataset, args.samples))


def points(args: Namespace) -> None:
    from approxgan.probe.stage import points as keep

    spec, at = _spec(args, specs.points, args.probe), _at(args)
    keep(spec, at.data(spec["dataset"]), at.points(args.probe), args.threads)


def describe(args: Namespace) -> None:
    from approxgan.probe.stage import describe as measure

    spec, at = _spec(args, specs.describe, args.probe), _at(args)
    measure(spec, at.points(args.probe), at.described(args.probe), args.threads)


def probe(args: Namespace) -> None:
    from approxgan.probe.stage import run

    spec, at = _spec(args, specs.probe_mode, args.probe, args.mode), _at(args)
    out = at.measured(args.probe, args.mode)
    run(spec, args.mode, at.points(args.probe), out, args.threads)


def dirac(args: Namespace) -> None:
    from approxgan.dirac.stage import run

    spec = _spec(args, specs.dirac, args.mode)
    run(spec, args.mode, _at(args).dirac(args.mode))


def collect(args: Namespace) -> None:
    from approxgan.collect.stage import table

    spec = _spec(args, specs.collect, args.table)
    table(args.table, spec, _at(args))


def comparisons(args: Namespace) -> None:
    from approxgan.compare.stage import write

    tables = _at(args).tables
    write(tables, _spec(args, specs.comparisons), tables)


def claims(args: Namespace) -> None:
    from approxgan.claims.stage import write

    tables = _at(args).tables
    write(tables, _spec(args, specs.claims), tables / "claims")


def figure(args: Namespace) -> None:
    from approxgan.figures.stage import draw

    registry.check("figures", args.figure)
    stem = _at(args).figures / args.figure
    draw(args.figure, _at(args).tables, stem, _spec(args, specs.figure)["dpi"])


def report(args: Namespace) -> None:
    from approxgan.report.stage import stage

    stage(_spec(args, specs.report), args.results)


def reference(args: Namespace) -> None:
    from approxgan.reference import readme
    from approxgan.reference.stage import of
    from approxgan.storage import files

    tables = _at(args).tables
    known = of(tables, args.made_by)
    written = [args.reference]
    if args.readme is not None:
        written += [readme.show(known, args.reference, tables, args.readme), args.readme]
    files.write_json(args.reference, known)
    print(f"wrote {', '.join(map(str, written))}")


def verify(args: Namespace) -> None:
    from approxgan.reference.verify import compare
    from approxgan.storage import files

    known = files.read_json(args.reference)
    made = _at(args).config
    if made.exists():
        print(f"results made with {' + '.join(files.read_json(made)['files'])}")
    found = compare(known, _at(args).tables)
    for line in found.allowed:
        print(f"may differ: {line}")
    for line in found.wrong:
        print(f"differs: {line}")
    total = f"{found.compared} numbers compared with {args.reference}"
    if found.wrong:
        raise InputError(f"{total}; differences, listed above: {len(found.wrong)}")
    print(f"{total}: all agree")


def doctor(args: Namespace) -> None:
    from approxgan.cli.doctor import examine, text

    found = examine(args.results)
    print(text(found))
    wrong = [what for fine, what, _ in found if not fine]
    if wrong:
        raise InputError(f"checks failed, marked !! above: {', '.join(wrong)}")


def status(args: Namespace) -> None:
    from approxgan.cli import status as found

    config = _config(args)
    report = found.of(config, args.results)
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
