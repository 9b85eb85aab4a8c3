"""The command line: one subcommand per stage of the workflow."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from approxgan import __version__
from approxgan.cli import commands as cli
from approxgan.config import load
from approxgan.core.errors import InputError
from approxgan.core.settings import MOST_SAMPLES
from approxgan.storage import code_inputs, provenance

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

    def stage(name: str, handler: Handler, text: str, *names: str) -> argparse.ArgumentParser:
        sub = add(name, handler, text)
        for argument in names:
            sub.add_argument(argument, help=NAMES[argument])
        _common(sub)
        return sub

    listing = add("list", cli.listing, "list all variants, or those of one family")
    listing.add_argument("family", nargs="?", help=f"one of: {', '.join(cli.FAMILIES)}")
    sub = add("cells", cli.cells, "list the training jobs of a config")
    _configfile(sub)
    _results(sub)
    sub = add("plan", cli.plan, "estimate the jobs, time, memory and disk of a config")
    _configfile(sub)
    _results(sub)
    sub = add("check", cli.check, "check a config, with all settings and limits")
    _spec(sub)
    _results(sub)
    stage("data", cli.data, "make a dataset's training set", "dataset")
    what = "train one cell: a block of seeds at one point of the grid"
    training = stage("train", cli.train, what, "cell")
    training.add_argument(
        "--checkpoint-seconds",
        type=_seconds,
        default=60.0,
        metavar="N",
        help="seconds between checkpoints, from which a stopped job goes on (default: 60)",
    )
    stage("evaluate", cli.evaluate, "score the samples of a trained cell", "cell")
    stage("tune", cli.tune, "choose among a tuning's tries by their scores", "tuning")
    sub = stage("null", cli.null, "score true samples against true samples", "dataset")
    what = f"number of samples, as in training.samples: up to {MOST_SAMPLES}"
    sub.add_argument("samples", type=_count(MOST_SAMPLES), help=what)
    stage("points", cli.points, "train the exact trajectory on which modes are probed", "probe")
    stage("describe", cli.describe, "measure what theory needs at the probed points", "probe")
    stage(
        "probe", cli.probe, "measure a mode's gradient error at the probed points", "probe", "mode"
    )
    stage("dirac", cli.dirac, "play the Dirac-GAN with one gradient mode", "mode")
    stage("collect", cli.collect, "gather one table from the results of all cells", "table")
    stage("comparisons", cli.comparisons, "compare every cell with exact, number by number")
    stage("claims", cli.claims, "judge the article's claims by the tables")
    stage("figure", cli.figure, "draw one figure from the tables", "figure")
    stage("report", cli.report, "write the report")
    _verifying(add)
    _looking(add)
    return top


def _verifying(add: Callable[..., argparse.ArgumentParser]) -> None:
    known = {"type": Path, "default": Path("reference/default.json"), "metavar": "FILE"}
    sub = add("verify", cli.verify, "compare a finished run with the reference results")
    sub.add_argument(
        "--reference", help="file to compare with (default: reference/default.json)", **known
    )
    _results(sub)
    sub = add("reference", cli.reference, "write the reference results of a finished run")
    sub.add_argument("--made-by", default="make reproduce", help="the command that made the run")
    sub.add_argument("--reference", help="file to write", **known)
    sub.add_argument(
        "--readme",
        type=Path,
        metavar="FILE",
        help="README in which to show verdicts and the main figure",
    )
    _results(sub)
    _configfile(sub)


def _looking(add: Callable[..., argparse.ArgumentParser]) -> None:
    sub = add("doctor", cli.doctor, "check what is installed here")
    _results(sub)
    sub = add("status", cli.status, "list cells that are trained, missing or not in the config")
    sub.add_argument(
        "--remove",
        action="store_true",
        help="ask, then remove results of cells that are not in the config",
    )
    sub.add_argument("--yes", action="store_true", help="remove them without asking")
    _results(sub)
    _configfile(sub)


NAMES = {
    "dataset": "name of a dataset in the config",
    "cell": "a cell's folder below results/runs; 'approxgan cells' lists them",
    "tuning": "a tuning's name: a cell's folder without its seeds",
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
        help="overlays over config.yaml, in order (default: the config that the results were made "
        "with, or config.yaml without results)",
    )


def _results(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--results",
        type=_folder,
        default=Path("results"),
        metavar="DIR",
        help="folder of all results (default: results)",
    )


def _spec(sub: argparse.ArgumentParser) -> None:
    _configfile(sub)
    sub.add_argument(
        "--spec",
        type=_map,
        default=None,
        metavar="JSON",
        help="the stage's part of the config, @FILE with it, or - for stdin; the workflow gives it "
        "(default: read from the config)",
    )


def _common(sub: argparse.ArgumentParser) -> None:
    _spec(sub)
    _results(sub)
    sub.add_argument(
        "--code",
        metavar="DIGEST",
        help="stop if the stage's source files have another digest; the workflow gives it",
    )
    sub.add_argument("--threads", type=_count(1024), default=1, help="threads to use (default: 1)")


class _Spec(dict[str, Any]):
    """What a stage was handed: an entry that it lacks is named."""

    def __missing__(self, key: str) -> Any:
        raise InputError(f"--spec has no {key!r}, but {', '.join(self) or 'nothing'}")


def _map(text: str) -> _Spec:
    try:
        if text.startswith("@"):
            text = Path(text[1:]).read_text("utf-8")
        made = json.loads(sys.stdin.read() if text == "-" else text, object_hook=_Spec)
    except (OSError, ValueError, RecursionError) as error:
        raise argparse.ArgumentTypeError(f"not JSON: {load.one_line(error)}") from error
    if not isinstance(made, _Spec):
        raise argparse.ArgumentTypeError(f"{load.one_line(text)} is not a map of names")
    return made


def _folder(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("'' is not a folder")
    return Path(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds, 0 or more")
    return seconds


def _count(most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        digits = text.isascii() and text.isdecimal() and len(text) < 20
        if not digits or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {most}")
        return int(text)

    return read


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; what the user got wrong is one line on stderr and exit status 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # ε in a locale that lacks it
            stream.reconfigure(errors="backslashreplace")
    chosen = parser().parse_args(arguments)
    try:
        cli.check_names({name: getattr(chosen, name) for name in NAMES if name in chosen})
        if getattr(chosen, "code", None):
            code_inputs.check(chosen.code)
        chosen.handler(chosen)
        if "code" in chosen and chosen.command != "train":
            names = [str(getattr(chosen, name)) for name in NAMES if name in chosen]
            provenance.write(chosen.results, chosen.command, names, chosen.code)
    except InputError as error:
        print(f"approxgan: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("approxgan: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        # A full or read-only disk is not the program's fault: a line says it all.
        print(f"approxgan: {error}", file=sys.stderr)
        return 1
    return 0
