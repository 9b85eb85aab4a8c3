"""From tables to picture files that are the same bytes whenever they are made again."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from approxgan.config import registry
from approxgan.storage import files
from approxgan.storage.columns import read_table
from approxgan.storage.tables import COLUMNS

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
    figure = registry.build("figures", name, {})
    save(_drawn(figure, tables_dir), out_stem, dpi, figure.title, figure.caption)


def pixels(name: str, tables_dir: Path, dpi: float) -> bytes:
    """The same figure as a PNG file alone."""
    figure = _drawn(registry.build("figures", name, {}), tables_dir)
    return _rendered(figure, "png", dpi, {"Software": None})


def _drawn(figure: Any, tables_dir: Path) -> Figure:
    tables = {
        need: read_table(tables_dir / f"{need}.parquet", COLUMNS[need]) for need in figure.needs
    }
    return figure.draw(tables)
