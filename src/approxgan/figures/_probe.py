"""Numbers of the gradient probe against ε, the same way in every figure."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from approxgan.figures import _epsilon, _style
from approxgan.figures._groups import Series


def curves(ax: Axes, rows: pd.DataFrame, value: str, shown: list[Series]) -> None:
    """Every series in every precision: median over seeds and points, band of 80 % of them."""
    for one in shown:
        for dtype, part in one.rows(rows).groupby("dtype"):
            # Modes that equal exact must not hide it: it is drawn first, and thicker.
            width = 3.2 if one.mode == "exact" else 1.5
            dash = _epsilon.dash(str(dtype))
            _epsilon.curve(ax, part, value, one, linestyle=dash, linewidth=width)


def keys(rows: pd.DataFrame, shown: list[Series]) -> list[Any]:
    """Legend entries: the series, then the precisions."""
    entries = [_style.key(one.label, color=one.colour, marker=_mark(rows, one)) for one in shown]
    for dtype in sorted(rows["dtype"].unique()):
        look = {"color": "#8a8a8a", "marker": "o", "linestyle": _epsilon.dash(dtype)}
        entries.append(_style.key(f"measured in {dtype}", **look))
    return entries


def _mark(rows: pd.DataFrame, one: Series) -> str:
    return one.marker if one.rows(rows)["epsilon"].notna().any() else ""
