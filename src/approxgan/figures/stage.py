"""From tables to picture files that are the same bytes whenever they are made again."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from approxgan.analysis.frames import tidy
from approxgan.config import registry
from approxgan.figures import _style
from approxgan.storage import files
from approxgan.storage.tables import COLUMNS, read_table

SVG: dict[Any, Any] = {"svg.hashsalt": "approxgan", "svg.fonttype": "path", "path.simplify": True}


def save(figure: Figure, stem: Path, dpi: float, title: str = "", caption: str = "") -> None:
    """``stem``.svg and ``stem``.png, atomically; title and caption travel in the SVG.

    ``dpi`` is the resolution of the PNG and of the parts of the SVG that are pixels.
    No date, and no random names, get into the files.
    """
    described = {"Date": None, "Creator": None, "Title": title or None}
    vector = {**described, "Description": caption or None}
    with mpl.rc_context(SVG):
        files.write_bytes(_with_suffix(stem, ".svg"), _rendered(figure, "svg", dpi, vector))
        # Laid out once: both files show the same arrangement, and the second costs half.
        figure.set_layout_engine("none")
        files.write_bytes(
            _with_suffix(stem, ".png"), _rendered(figure, "png", dpi, {"Software": None})
        )


def _with_suffix(stem: Path, suffix: str) -> Path:
    # Path.with_suffix would cut a name at its last dot.
    return stem.with_name(stem.name + suffix)


def _rendered(figure: Figure, kind: str, dpi: float, metadata: dict[str, str | None]) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=dpi, metadata=metadata)
    return buffer.getvalue()


def draw(name: str, tables_dir: Path, out_stem: Path, dpi: float) -> None:
    """Load the tables that the figure needs, draw it and save it.

    Raises ``InputError`` for an unknown figure, and for a missing table, whose file it names.
    """
    about = registry.load("figures", name)
    drawn = from_tables(name, _read(about.needs, tables_dir))
    save(drawn, out_stem, dpi, about.title, about.caption)


def pixels(name: str, tables_dir: Path, dpi: float) -> bytes:
    """The same figure as a PNG file alone."""
    drawn = from_tables(name, _read(registry.load("figures", name).needs, tables_dir))
    return _rendered(drawn, "png", dpi, {"Software": None})


def from_tables(name: str, tables: Mapping[str, pd.DataFrame]) -> Figure:
    """The figure in the house style; it gets the tables that it needs, tidied."""
    figure = registry.build("figures", name, {})
    with _style.theme():
        return figure.draw({need: tidy(tables[need]) for need in figure.needs})


def _read(needs: Iterable[str], folder: Path) -> dict[str, pd.DataFrame]:
    return {name: read_table(folder / f"{name}.parquet", COLUMNS[name]) for name in needs}
