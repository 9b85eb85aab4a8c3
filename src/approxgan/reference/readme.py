"""The reference results as the README shows them: the answer, a table of verdicts, a picture."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from approxgan.analysis.templates import environment
from approxgan.claims import plain, summary
from approxgan.config import registry
from approxgan.core.errors import InputError
from approxgan.figures import stage as drawing
from approxgan.reference import sides
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
    parts = summary.parts(sides.verdicts(known))
    told = (
        environment(Path(__file__).parent)
        .get_template("readme.md.j2")
        .render(
            answer=plain.answer(parts),
            lines=plain.lines(parts),
            ways={mode: plain.way(mode) for mode in plain.modes(parts)},
            rows=len(known["verdicts"]),
            ends=plain.ends,
            made=known["made"],
            path=path,
            figure=registry.build("figures", FIGURE, {}),
            picture=f"{path.removesuffix('.json')}.png",
        )
    )
    return f"{told}\n"
