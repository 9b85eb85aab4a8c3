"""The study that a figure is about, and the one ε at which it shows a mode."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from approxgan.figures import _groups, _style
from approxgan.figures._groups import Series

CONTROLS = ("noisy_exact", "masked_exact", "perturbed_start")
"""Modes that are no way to train: what others are told apart from."""


def main_study(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of one group per dataset, all of the study with most modes."""
    rows = _groups.main_groups(frame)
    counts = rows[["study", *_groups.SERIES]].drop_duplicates()["study"].value_counts()
    names = sorted(counts.index, key=lambda name: (-counts[name], name))
    return rows[rows["study"].isin(names[:1])]


def chosen(
    shown: Sequence[Series], rows: pd.DataFrame, errors: pd.DataFrame
) -> dict[Series, float]:
    """The ε at which each series of a group is shown, by the probe; NaN for none."""
    probed = _groups.probe_of(errors, rows)
    return {
        one: _groups.chosen_step(one.rows(rows), one.rows(probed))
        for one in shown
        if len(one.rows(rows))
    }


def at(frame: pd.DataFrame, one: Series, epsilon: float) -> pd.DataFrame:
    """The rows of one cell of a group."""
    rows = one.rows(frame)
    return rows[_groups.same_step(rows["epsilon"], epsilon)]


def label(one: Series, epsilons: Iterable[float]) -> str:
    """A legend's words for a series at the ε that its panels show."""
    steps = sorted(epsilon for epsilon in epsilons if not np.isnan(epsilon))
    texts = [_style.epsilon_text(step) for step in dict.fromkeys([*steps[:1], *steps[-1:]])]
    return f"{one.label}, ε = {' to '.join(texts)}" if texts else one.label
