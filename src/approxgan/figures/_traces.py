"""The number that decides and both losses against the training step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from approxgan.figures import _layout, _lines, _quality, _series
from approxgan.figures._layout import Panels

LOSSES = {"discriminator_loss": "discriminator\nloss", "generator_loss": "generator\nloss"}
Line = tuple[Callable[[pd.DataFrame], pd.DataFrame], Mapping[str, Any]]
"""Which rows of a table it shows, and how it looks."""


def drawn(
    training: pd.DataFrame,
    quality: pd.DataFrame,
    keys: Sequence[str],
    lines: Callable[[pd.DataFrame], Sequence[Line]],
) -> Panels:
    """A column for every group of the training table; ``lines`` says what a group's rows show."""
    quality = _quality.primary(quality)
    groups = list(_series.split(training, keys))
    laid = _layout.panels(len(groups), [2.2] * 3)
    for g, (title, rows) in enumerate(groups):
        scores = quality.merge(rows[list(keys)].drop_duplicates())
        shown = lines(rows)
        for r, (table, value) in enumerate([(scores, "value"), *((rows, name) for name in LOSSES)]):
            parts = [(select(table), look) for select, look in shown]
            for part, look in parts:
                _lines.trace(laid.at(g, r), part, value, **look)
            _lines.fit(laid.at(g, r), [part[value] for part, _ in parts])
        laid.at(g).set_title(title)
    name = _quality.label(quality) if len(quality) else "score"
    laid.finish(len(groups), "training step", [name, *LOSSES.values()])
    return laid
