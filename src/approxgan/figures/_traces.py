"""The number that decides and both losses against the training step."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP, Tables, null_of, primary
from approxgan.figures import _axes, _layout, _lines, _quality, _series

LOSSES = {"discriminator_loss": "discriminator\nloss", "generator_loss": "generator\nloss"}
Line = tuple[Callable[[pd.DataFrame], pd.DataFrame], Mapping[str, Any]]
"""Which rows of a table it shows, and how it looks."""


def drawn(
    training: pd.DataFrame,
    tables: Tables,
    group: Sequence[str],
    lines: Sequence[Line],
    keys: Sequence[Any],
) -> Figure:
    """A column for every group of the training table, with the scores of the same cells."""
    quality = primary(tables["quality"])

    def column(axes: list[Axes], rows: pd.DataFrame) -> None:
        scores = quality.merge(rows[[*GROUP, *_series.CELL]].drop_duplicates())
        top, *below = axes
        for select, look in lines:
            got = _quality.summary(select(scores), "step")
            _lines.line(top, got[np.isfinite(got["middle"])], **look)
        _quality.frame([top], null_of(tables["quality_null"], scores))
        for ax, value in zip(below, LOSSES, strict=True):
            for select, look in lines:
                _lines.trace(ax, select(rows), value, **look)
            _axes.traces(ax)

    name = _quality.label(quality) if len(quality) else "score"
    labels = [name, *LOSSES.values()]
    parts = _series.split(training, group)
    return _layout.panels(parts, column, [2.2] * 3, ["training step"], labels, keys)
