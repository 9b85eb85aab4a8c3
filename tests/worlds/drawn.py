"""Figures drawn from made-up tables, and what can be read off them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from approxgan.figures import stage

Tables = dict[str, pd.DataFrame]


def draw(name: str, tables: Tables, *, laid_out: bool = True) -> Figure:
    """The figure, laid out once but on no canvas: layout is where trouble would warn."""
    drawn = stage.from_tables(name, tables)
    if laid_out:
        drawn.draw_without_rendering()
    return drawn


def words(figure: Figure) -> str:
    """All words of a figure, with one space between two."""
    found = (text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))
    return " ".join(" ".join(found).split())


def keep(tables: Tables, **columns: str | int) -> Tables:
    """The rows where these columns have these values, in the tables that have them."""
    made = dict(tables)
    for column, value in columns.items():
        for name, frame in made.items():
            if column in frame:
                made[name] = frame[frame[column] == value]
    return made


def line(figure: Figure, title: str, colour: str, row: int = 0) -> dict[float, float]:
    """The points of the first marked line of a colour in the panel of that title."""
    tops = [ax for ax in figure.axes if ax.get_title() == title]
    for one in tops[row].lines:
        if colors.same_color(one.get_color(), colour) and one.get_marker() not in {"", "None"}:
            x, y = (np.asarray(part, float).tolist() for part in (one.get_xdata(), one.get_ydata()))
            return dict(zip(x, y, strict=True))
    raise AssertionError(f"no line of colour {colour} under {title!r}")


def last(tables: Tables, **columns: str | int) -> pd.DataFrame:
    """Rows of the energy distance at the end of training."""
    rows = keep(tables, metric="energy_distance", **columns)["quality"]
    return rows[rows["step"] == rows["step"].max()]


def marks(ax: Axes, colour: str) -> list[tuple[float, float]]:
    """The points of all lines of a colour that have markers."""
    lines = [one for one in ax.lines if one.get_marker() not in {"", "None", "x"}]
    own = [one for one in lines if colors.same_color(one.get_color(), colour)]
    return [point for one in own for point in np.asarray(one.get_xydata()).tolist()]
