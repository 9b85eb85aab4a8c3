"""From tables to picture files that are the same bytes whenever they are made again."""

import io
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from approxgan.analysis.frames import Tables, tidy, with_gradient
from approxgan.config import registry
from approxgan.figures import _labels, _slim, _style
from approxgan.storage import files
from approxgan.storage.tables import table_in

LOOK: dict[Any, Any] = {
    "svg.hashsalt": "approxgan", "svg.fonttype": "path", "path.simplify": True,
    # Words have the same width at every resolution: a layout fits the SVG and the PNG.
    "text.hinting": "no_hinting",
}  # fmt: skip
PNG: dict[str, str | None] = {"Software": None}


def save(figure: Figure, stem: Path, dpi: float, title: str = "", caption: str = "") -> None:
    """``stem``.svg and ``stem``.png, atomically; title and caption travel in the SVG.

    ``dpi`` is the resolution of the PNG and of the parts of the SVG that are pixels.
    No date, and no random names, get into the files.
    """
    vector = {"Date": None, "Creator": None, "Title": title or None, "Description": caption or None}
    with mpl.rc_context(LOOK):
        for kind, metadata in (("svg", vector), ("png", PNG)):
            # Path.with_suffix would cut a name at its last dot.
            path = stem.with_name(f"{stem.name}.{kind}")
            files.write_bytes(path, _rendered(figure, kind, dpi, metadata))
            # Laid out once: both files show the same arrangement, and the second costs half.
            figure.set_layout_engine("none")


def _rendered(figure: Figure, kind: str, dpi: float, metadata: dict[str, str | None]) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=dpi, metadata=metadata)
    return _slim.svg(buffer.getvalue()) if kind == "svg" else buffer.getvalue()


def draw(name: str, folder: Path, stem: Path, dpi: float) -> None:
    """Load the tables that the figure needs, draw it and save it.

    Raises ``InputError`` for an unknown figure, and for a missing table, whose file it names.
    """
    about = registry.load("figures", name)
    save(_from_files(name, folder), stem, dpi, about.title, about.caption)


def pixels(name: str, folder: Path, dpi: float) -> bytes:
    """The same figure as a PNG file alone."""
    return _rendered(_from_files(name, folder), "png", dpi, PNG)


def _from_files(name: str, folder: Path) -> Figure:
    needs = registry.load("figures", name).needs
    return from_tables(name, {need: table_in(folder, need) for need in needs})


def from_tables(name: str, tables: Tables) -> Figure:
    """The figure in the house style; it gets the tables that it needs, tidied."""
    figure = registry.build("figures", name, {})
    shown = {need: tidy(tables[need]) for need in figure.needs}
    if "no_gradient" not in shown:
        # What these generators come to is no number of the others' kind.
        shown = {need: with_gradient(frame) for need, frame in shown.items()}
    with _style.theme(), mpl.rc_context({"text.hinting": LOOK["text.hinting"]}):
        drawn = figure.draw(shown)
        _labels.settle(drawn)
    return drawn
