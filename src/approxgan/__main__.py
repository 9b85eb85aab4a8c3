"""The command line: one subcommand per stage of the workflow, typed by a person or by a rule."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from approxgan import __version__, cli
from approxgan.core import InputError

Handler = Callable[[argparse.Namespace], None]


def parser() -> argparse.ArgumentParser:
    """Every subcommand with its arguments."""
    top = argparse.ArgumentParser(
        prog="approxgan",
        description="GAN training with approximate gradients: every stage of the workflow as one "
        "command. 'snakemake --cores 8' runs them all; 'approxgan list' shows what there is.",
    )
    top.add_argument("--version", action="version", version=f"approxgan {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name: str, handler: Handler, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        sub.set_defaults(handler=handler)
        return sub

    def stage(name: str, handler: Handler, text: str, *names: str) -> None:
        sub = add(name, handler, text)
        for argument in names:
            sub.add_argument(argument, help=NAMES[argument])
        _common(sub)

    listing = add("list", cli.listing, "list the variants there are, all or of one family")
    listing.add_argument("family", nargs="?", help=f"one of: {', '.join(cli.FAMILIES)}")
    _configfile(add("cells", cli.cells, "list the training jobs of a config"))
    _spec(add("check", cli.check, "check a config, every setting included"))
    stage("data", cli.data, "make a dataset's training set", "dataset")
    stage("train", cli.train, "train one cell: a block of seeds at one point of the grid", "cell")
    stage("evaluate", cli.evaluate, "score the samples of a trained cell", "cell")
    stage("null", cli.null, "score true samples against true samples", "dataset")
    stage("points", cli.points, "train the exact trajectory that modes are probed on", "probe")
    stage("describe", cli.describe, "measure what theory needs at the probed points", "probe")
    stage("probe", cli.probe, "measure a mode's gradient error at the points", "probe", "mode")
    stage("dirac", cli.dirac, "play the Dirac-GAN with one gradient mode", "mode")
    stage("collect", cli.collect, "gather one table from the results of all cells", "table")
    stage("claims", cli.claims, "judge the article's claims by the tables")
    stage("figure", cli.figure, "draw one figure from the tables", "figure")
    stage("report", cli.report, "write the report")
    return top


NAMES = {
    "dataset": "name of a dataset in the config",
    "cell": "a cell's folder below results/runs; 'approxgan cells' lists them",
    "probe": "a probe's folder below results/probe: DATASET/MODEL/LOSS",
    "mode": "name of a gradient mode",
    "table": "name of a table in results/tables",
    "figure": "name of a figure; 'approxgan list figures'",
}


def _configfile(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--configfile",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="overlays laid over config.yaml, in order",
    )


def _spec(sub: argparse.ArgumentParser) -> None:
    _configfile(sub)
    sub.add_argument(
        "--spec",
        type=_json,
        default=None,
        metavar="JSON",
        help="what the stage needs of the config, as the workflow hands it over; without it the "
        "config is read",
    )


def _common(sub: argparse.ArgumentParser) -> None:
    _spec(sub)
    sub.add_argument(
        "--results", type=Path, default=Path("results"), help="folder of all results (results)"
    )
    sub.add_argument("--threads", type=_threads, default=1, help="threads to use (1)")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}") from error


def _threads(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 1024")
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; what the user got wrong is one line on stderr and exit status 2."""
    chosen = parser().parse_args(arguments)
    try:
        chosen.handler(chosen)
    except InputError as error:
        print(f"approxgan: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
