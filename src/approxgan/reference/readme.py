"""The reference results as the README shows them: the answer, a table of verdicts, a picture."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from approxgan.analysis.text import interval, listed, markdown, number, words
from approxgan.config import registry
from approxgan.core.errors import InputError
from approxgan.figures import stage as drawing
from approxgan.reference import stage as reference
from approxgan.report import verdicts
from approxgan.storage import files

FIGURE = "quality_epsilon"
DPI = 85
BEGIN = "<!-- Written by: approxgan reference --readme -->"
END = "<!-- Up to here. -->"


def show(known: Mapping[str, Any], path: Path, tables: Path, readme: Path) -> Path:
    """Draw the picture beside the reference ``path``, and write both into ``readme``.

    The picture's path. Raises ``InputError`` for a README without the two marks.
    """
    text = _read(readme)
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    picture = path.with_suffix(".png")
    files.write_bytes(picture, drawing.pixels(FIGURE, tables, DPI))
    place = os.path.relpath(path, readme.parent).replace(os.sep, "/")
    files.write_text(readme, f"{before}{BEGIN}\n{block(known, place)}{END}{after}")
    return picture


def shown(readme: Path) -> str:
    """What stands between the marks."""
    return _read(readme).partition(f"{BEGIN}\n")[2].partition(END)[0]


def _read(readme: Path) -> str:
    try:
        text = readme.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{readme}: not readable ({error})") from error
    for mark in (BEGIN, END):
        if text.count(mark) != 1:
            found = text.count(mark)
            raise InputError(f"{readme}: {found} lines {mark!r}, where one is needed")
    return text


def block(known: Mapping[str, Any], path: str) -> str:
    """Markdown; ``path`` is the reference's as seen from the README."""
    table = reference.verdicts(known).assign(rule="", cells="")
    found = verdicts.claims(table, [])
    figure = registry.build("figures", FIGURE, {})
    picture = path.removesuffix(".json") + ".png"
    parts = [
        f"**{markdown(verdicts.answer(found))}**",
        "\n".join(_table(found)),
        f"In brackets: 95 % intervals; a number without has one of no width: a count, or "
        f"differences that all reach the cap. {_made(known['made'], path)}",
        f"![{figure.title}]({picture})",
        f"*{figure.title}. {figure.caption}*",
    ]
    return "\n\n".join(parts) + "\n"


def _table(found: list[verdicts.Claim]) -> list[str]:
    modes = verdicts.modes(found)
    told = {mode: f": {text}" for mode, text in verdicts.READINGS.items()}
    heads = ["claim", "measured", *(words(mode) + told.get(mode, "") for mode in modes)]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for claim in found:
        named = f"**{claim.name}.** {markdown(claim.statement)}"
        rows = [
            (what, [_verdict(by_mode.get(mode)) for mode in modes])
            for what, by_mode in claim.measures.items()
        ]
        if claim.controls:
            told = [_counted(claim, mode) for mode in modes]
            rows.append(("what of it matched controls do not share", told))
        for what, cells in rows:
            lines.append(f"| {' | '.join([named, markdown(words(what)), *cells])} |")
            named = ""
    return lines


def _verdict(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "not judged"
    if pd.isna(row["effect"]):
        return str(row["verdict"])
    between = interval(row["low"], row["high"]) if row["low"] != row["high"] else ""
    return f"{row['verdict']} {number(row['effect'])}" + (f" [{between}]" if between else "")


def _counted(claim: verdicts.Claim, mode: str) -> str:
    counts = claim.over_controls(mode).items()
    return ", ".join(f"{kind} {n}×" if n > 1 else kind for kind, n in counts) or "not judged"


def _made(made: Mapping[str, Any], path: str) -> str:
    machine, versions = made["machine"], made["versions"]
    told = [f"{machine['cores']} cores", machine["processor"], f"Python {versions['Python']}"]
    told.append(f"torch {versions['torch']}")
    return (
        f"Made by `{made['command']}` at commit {made['commit'] or 'unknown'} on {made['date']} "
        f"({listed(map(markdown, told))}); [{path}]({path}) has these and the mean of every cell."
    )
