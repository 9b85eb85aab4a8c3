"""The command line: one subcommand per stage of the workflow."""

import argparse
import io
import json
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from approxgan import __version__
from approxgan.cli import commands as cli
from approxgan.config import registry
from approxgan.core.errors import InputError, one_line
from approxgan.core.settings import MOST_SAMPLES, shown
from approxgan.design import specs
from approxgan.design.paths import Results
from approxgan.storage import code_inputs, provenance


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
        raise argparse.ArgumentTypeError(f"not JSON: {one_line(error)}") from error
    if not isinstance(made, _Spec):
        raise argparse.ArgumentTypeError(f"{one_line(text)} is not a map of names")
    return made


def _folder(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("'' is not a folder")
    return Path(text)


def _from(
    low: float, high: float, kind: Callable[[str], float], what: str
) -> Callable[[str], float]:
    """A reader of numbers between two ends."""

    def read(text: str) -> float:
        with suppress(ValueError):
            if text.isascii() and low <= (value := kind(text)) <= high:
                return value
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")

    return read


NAMES = {
    "dataset": "name of a dataset in the config",
    "cell": "a cell's folder below results/runs; 'approxgan cells' lists them",
    "tuning": "a tuning's name: a cell's folder without its seeds",
    "probe": "a probe's folder below results/probe: DATASET/MODEL/LOSS",
    "mode": "name of a gradient mode",
    "table": "name of a table in results/tables",
    "figure": "name of a figure; 'approxgan list figures'",
    "guest": "name of a guest: its folder below results/guests",
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    **{name: {"help": text} for name, text in NAMES.items()},
    "family": {"nargs": "?", "help": f"one of: {', '.join(cli.FAMILIES)}"},
    "folder": {
        "type": _folder,
        "help": "folder with samples.npy, numbers [n, dim] or [seeds, n, dim], and guest.yaml: "
        "name, dataset, and if known loss and cost (forward-equivalents a seed)",
    },
    "samples": {
        "type": _from(1, MOST_SAMPLES, int, f"a whole number from 1 to {MOST_SAMPLES}"),
        "help": f"number of samples, as in training.samples: up to {MOST_SAMPLES}",
    },
    "--configfile": {
        "nargs": "+",
        "type": Path,
        "default": [],
        "metavar": "FILE",
        "help": "overlays over config.yaml, in order (default: the config that the results were "
        "made with, or config.yaml without results)",
    },
    "--results": {
        "type": _folder,
        "default": Path("results"),
        "metavar": "DIR",
        "help": "folder of all results (default: results)",
    },
    "--spec": {
        "type": _map,
        "metavar": "JSON",
        "help": "the stage's part of the config, @FILE with it, or - for stdin; the workflow "
        "gives it (default: read from the config)",
    },
    "--code": {
        "metavar": "DIGEST",
        "help": "stop if the stage's source files have another digest; the workflow gives it",
    },
    "--threads": {
        "type": _from(1, 1024, int, "a whole number from 1 to 1024"),
        "default": 1,
        "help": "threads to use (default: 1)",
    },
    "--checkpoint-seconds": {
        "type": _from(0, 1e9, float, "a number of seconds, 0 or more"),
        "default": 60.0,
        "metavar": "N",
        "help": "seconds between checkpoints, from which a stopped job goes on (default: 60)",
    },
    "--reference": {
        "type": Path,
        "default": Path("reference/default.json"),
        "metavar": "FILE",
        "help": "reference results to compare with or to write; verify also takes a folder of "
        "results or a pack (default: reference/default.json)",
    },
    "--beside": {
        "type": Path,
        "metavar": "OTHER",
        "help": "write no report, but put a second run beside this one, in words and in "
        "beside.html: its folder of results, a reference (.json), or a pack (.zip)",
    },
    "--to": {
        "type": Path,
        "metavar": "FILE",
        "help": "where to write it (default: pack.zip in the folder of results)",
    },
    "--made-by": {"default": "make reproduce", "help": "the command that made the run"},
    "--readme": {
        "type": Path,
        "metavar": "FILE",
        "help": "README in which to show verdicts and the main figure",
    },
    "--dimension": {
        "type": _from(1, 1e15, int, "a whole number from 1"),
        "required": True,
        "metavar": "D",
        "help": "number of parameters",
    },
    "--evaluations": {
        "type": _from(2, 1e30, float, "a number from 2"),
        "required": True,
        "metavar": "N",
        "help": "evaluations of the loss that the whole optimisation may take",
    },
    "--steps": {
        "type": _from(1, 1e15, int, "a whole number from 1"),
        "metavar": "T",
        "help": "gradient steps that they are divided over (default: 1000, or fewer)",
    },
    "--precision": {
        "choices": ("float64", "float32", "float16", "bfloat16"),
        "default": "float32",
        "help": "type of the loss and its parameters (default: float32)",
    },
    "--noise": {
        "type": _from(0, 1e30, float, "a number from 0"),
        "metavar": "SIGMA",
        "help": "standard deviation of the loss's noise (default: that of rounding it)",
    },
    "--draws": {
        "choices": ["common", "fresh"],
        "help": "of a simulator without a gradient: whether it can be run twice with the same ones",
    },
    "--readable": {
        "action": "store_true",
        "help": "only whether the files can be read: snakemake checks the rest",
    },
    "--remove": {
        "action": "store_true",
        "help": "ask, then remove results of cells that are not in the config",
    },
    "--watch": {
        "action": "store_true",
        "help": "show the last run of the workflow until it ends: jobs, time left, what trains, "
        "what failed; other options are not used",
    },
    "--yes": {"action": "store_true", "help": "remove them without asking"},
}

KEEP_THEIR_OWN = ("train", "manifest")
"""Stages whose results say themselves what they were made with."""


def parser() -> argparse.ArgumentParser:
    """Every subcommand with its arguments."""
    top = argparse.ArgumentParser(
        prog="approxgan",
        description="GAN training with approximate gradients: every stage of the workflow as one "
        "command. 'snakemake --cores 8' runs them all; 'approxgan list' shows what there is.",
    )
    top.add_argument("--version", action="version", version=f"approxgan {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(run: Callable[[argparse.Namespace], None], *arguments: str, **about: Any) -> None:
        text = (run.__doc__ or "").partition("\n")[0]
        name = run.__name__.rstrip("_").replace("_", "-")
        sub = commands.add_parser(name, help=text[:1].lower() + text[1:-1], description=text)
        for argument in arguments:
            sub.add_argument(argument, **ARGUMENTS[argument])
        sub.set_defaults(run=run, **about)

    def stage(
        run: Callable[..., None], make: Callable[..., Any], *names: str, more: str = ""
    ) -> None:
        common = ("--configfile", "--spec", "--results", "--code", "--threads", *more.split())
        add(run, *names, *common, make=make, names=names)

    add(cli.list_, "family")
    add(cli.cells, "--configfile", "--results")
    add(cli.plan, "--configfile", "--results")
    add(cli.check, "--configfile", "--spec", "--readable", "--results")
    stage(cli.data, specs.data, "dataset")
    stage(cli.train, specs.train, "cell", more="--checkpoint-seconds")
    stage(cli.evaluate, lambda config, _: specs.quality(config), "cell")
    stage(cli.tune, specs.tune, "tuning", more="--checkpoint-seconds")
    add(cli.add_run, "folder", "--configfile", "--results")
    stage(cli.guest, lambda config, _: specs.guest(config), "guest")
    stage(cli.null, specs.null, "dataset", "samples")
    stage(cli.points, specs.points, "probe")
    stage(cli.describe, specs.describe, "probe")
    stage(cli.probe, specs.probe_mode, "probe", "mode")
    stage(cli.dirac, specs.dirac, "mode")
    stage(cli.collect, specs.collect, "table")
    stage(cli.comparisons, specs.comparisons)
    stage(cli.claims, specs.claims)
    stage(cli.figure, lambda config, _: specs.figure(config), "figure")
    stage(cli.report, specs.report, more="--beside")
    stage(cli.manifest, specs.report)
    add(cli.pack, "--to", "--results")
    add(cli.verify, "--reference", "--results")
    add(cli.reference, "--made-by", "--reference", "--readme", "--results", "--configfile")
    add(cli.advise, "--dimension", "--evaluations", "--steps", "--precision", "--noise", "--draws")
    add(cli.doctor, "--results")
    add(cli.status, "--watch", "--remove", "--yes", "--results", "--configfile")
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; what the user got wrong is one line on stderr and exit status 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # ε in a locale that lacks it
            stream.reconfigure(errors="backslashreplace")
    chosen = parser().parse_args(arguments)
    if chosen.command != "doctor":
        # Read when torch is loaded: threads make small products slower. A job asks for its own.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        cli.check_names({name: getattr(chosen, name) for name in NAMES if name in chosen})
        if "results" in chosen and chosen.command != "verify" and chosen.results.is_file():
            raise InputError(f"{chosen.results}: a file; accepted: the folder of results")
        if getattr(chosen, "code", None):
            code_inputs.check(chosen.code)
        chosen.at = Results(getattr(chosen, "results", Path()))
        if getattr(chosen, "beside", None):
            cli.beside(chosen)
            return 0
        if "make" in chosen and chosen.spec is None:
            names = [getattr(chosen, name) for name in chosen.names]
            chosen.spec = chosen.make(cli.config(chosen), *names)
        chosen.run(chosen)
        if "code" in chosen and chosen.command not in KEEP_THEIR_OWN:
            names = [str(getattr(chosen, name)) for name in NAMES if name in chosen]
            provenance.write(chosen.results, chosen.command, names, chosen.code)
    except InputError as error:
        print(f"approxgan: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("approxgan"):
            raise
        needed = "pip install 'approxgan[workflow]' installs what the workflow needs"
        lacks = f"{_place(error)}the package {error.name} is not installed"
        print(f"approxgan: {lacks}; {needed}", file=sys.stderr)
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
    except Exception as error:
        if not registry.of_variants(error):
            raise
        _say_whose(error, chosen)
        return 1
    return 0


def _say_whose(error: Exception, chosen: argparse.Namespace) -> None:
    """The lines from a variant's file on, which its author looks for; where, and in which call."""
    frames, theirs = traceback.extract_tb(error.__traceback__), registry.of_variants(error)
    lines = traceback.format_list(frames[frames.index(theirs[0]) :])
    named = [str(getattr(chosen, name)) for name in NAMES if name in chosen]
    call = " ".join(["approxgan", chosen.command, *named])
    where = ", ".join([f"in {call}", *getattr(error, "__notes__", [])])
    said = f"{_place(error)}{shown(error)}, {where}"
    print(f"{''.join(lines)}approxgan: {said}", file=sys.stderr)


def _place(error: Exception) -> str:
    """'.../spsa.py: line 9: ', the last line of a variant's file that an error came through."""
    return "".join(f"{at.filename}: line {at.lineno}: " for at in registry.of_variants(error)[-1:])
