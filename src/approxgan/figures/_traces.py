"""The number that decides and both losses against the training step."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP, primary
from approxgan.figures import _axes, _layout, _lines, _quality, _series

LOSSES = {"discriminator_loss": "discriminator\nloss", "generator_loss": "generator\nloss"}
Line = tuple[Callable[[pd.DataFrame], pd.DataFrame], Mapping[str, Any]]
"""Which rows of a table it shows, and how it looks."""


def drawn(
    training: pd.DataFrame,
    quality: pd.DataFrame,
    group: Sequence[str],
    lines: Sequence[Line],
    keys: Sequence[Any],
) -> Figure:
    """A column for every group of the training table, with the scores of the same cells."""
    quality = primary(quality)

    def column(axes: list[Axes], rows: pd.DataFrame) -> None:
        scores = quality.merge(rows[[*GROUP, *_series.CELL]].drop_duplicates())
        tables = (scores, rows, rows)
        for ax, table, value in zip(axes, tables, ("value", *LOSSES), strict=True):
            parts = [(select(table), look) for select, look in lines]
            for part, look in parts:
                _lines.trace(ax, part, value, **look)
            _axes.traces(ax, [part[value] for part, _ in parts])

    name = _quality.label(quality) if len(quality) else "score"
    labels = [name, *LOSSES.values()]
    parts = _series.split(training, group)
    return _layout.panels(parts, column, [2.2] * 3, ["training step"], labels, keys)
