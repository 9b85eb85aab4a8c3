"""The reference results as the README shows them: the answer, a table of verdicts, a picture."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from approxgan.analysis.text import listed, markdown, words
from approxgan.claims import summary
from approxgan.config import registry
from approxgan.core.errors import InputError
from approxgan.figures import stage as drawing
from approxgan.reference import stage as reference
from approxgan.storage import files

FIGURE = "quality_epsilon"
DPI = 85
BEGIN = "<!-- Written by: approxgan reference --readme -->"
END = "<!-- Up to here. -->"

BRACKETS = (
    "In brackets: 95 % intervals; the verdicts are corrected for their number (Holm). No bracket: "
    "an exact count, or differences that all reach the cap. A range of ε has no such interval: "
    "its brackets hold the range shown to be good, and that not ruled out."
)


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
    found = summary.claims(reference.verdicts(known))
    figure = registry.build("figures", FIGURE, {})
    picture = path.removesuffix(".json") + ".png"
    parts = [
        f"**{markdown(summary.answer(found))}**",
        "\n".join(_table(found)),
        f"{BRACKETS} {_made(known['made'], path)}",
        f"![{figure.title}]({picture})",
        f"*{figure.title}. {figure.caption}*",
    ]
    return "\n\n".join(parts) + "\n"


def _table(found: list[summary.Claim]) -> list[str]:
    modes = summary.modes(found)
    told = {mode: f": {text}" for mode, text in summary.READINGS.items()}
    heads = ["claim", "measured", *(words(mode) + told.get(mode, "") for mode in modes)]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for claim in found:
        named = f"**{claim.name}.** {markdown(claim.statement)}"
        rows = [
            (what, [_verdict(by_mode.get(mode)) for mode in modes])
            for what, by_mode in claim.measures.items()
        ]
        if claim.controls:
            counts = [_counted(claim, mode) for mode in modes]
            rows.append(("effect beyond the matched controls", counts))
        for what, cells in rows:
            lines.append(f"| {' | '.join([named, markdown(what), *cells])} |")
            named = ""
    return lines


def _verdict(row: Mapping[str, Any] | None) -> str:
    return summary.NOT_JUDGED if row is None else f"{row['verdict']} {summary.value(row)}".strip()


def _counted(claim: summary.Claim, mode: str) -> str:
    counts = claim.over_controls(mode).items()
    return ", ".join(f"{kind} {n}×" if n > 1 else kind for kind, n in counts) or summary.NOT_JUDGED


def _made(made: Mapping[str, Any], path: str) -> str:
    machine, versions = made["machine"], made["versions"]
    told = [f"{machine['cores']} cores", machine["processor"], f"Python {versions['Python']}"]
    told.append(f"torch {versions['torch']}")
    return (
        f"Made by `{made['command']}` at commit {made['commit'] or 'unknown'} on {made['date']} "
        f"({listed(map(markdown, told))}); [{path}]({path}) has these and the mean of every cell."
    )
