"""Which rows belong together: groups of comparable runs, series of a mode, chosen steps."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from approxgan.figures import _style

GROUP = ("study", "dataset", "model", "loss")
PROBE_GROUP = ("dataset", "model", "loss")
SERIES = ["mode", "settings"]


@dataclass(frozen=True)
class Series:
    """One mode with one set of settings, as it looks in every panel of a figure."""

    mode: str
    settings: str
    label: str
    colour: str
    marker: str

    def rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame[(frame["mode"] == self.mode) & (frame["settings"] == self.settings)]


def series(frame: pd.DataFrame) -> list[Series]:
    """The series of a table: exact first, settings named only where a mode has several."""
    found = []
    modes = sorted(frame["mode"].unique(), key=lambda mode: (mode != "exact", mode))
    for mode in modes:
        kinds = sorted(frame.loc[frame["mode"] == mode, "settings"].fillna("").unique())
        for variant, settings in enumerate(kinds):
            label = _style.words(mode) + _difference(settings, kinds)
            look = (_style.colour(mode, variant), _style.marker(mode))
            found.append(Series(mode, settings, label, *look))
    return found


def _difference(settings: str, kinds: Sequence[str]) -> str:
    """What tells these settings from the mode's other ones, in brackets."""
    common = set.intersection(*(set(kind.split("_")) for kind in kinds))
    own = [part for part in settings.split("_") if part not in common]
    return f" ({', '.join(own)})" if len(kinds) > 1 and any(own) else ""


def tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """Missing settings as empty text, ε as numbers: what an empty table does not know."""
    return frame.assign(
        settings=frame["settings"].fillna("").astype(str),
        epsilon=pd.to_numeric(frame["epsilon"]).astype(float),
    )


def split(frame: pd.DataFrame, keys: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """(title, rows) of every group, by dataset first; a title has the words that tell it apart."""
    groups = frame[list(keys)].drop_duplicates()
    for values, rows in frame.groupby(["dataset", *(k for k in keys if k != "dataset")]):
        named = dict(zip(["dataset", *(k for k in keys if k != "dataset")], values, strict=True))
        rivals = groups[groups["dataset"] == named["dataset"]]
        telling = _telling(rivals.drop(columns="dataset"))
        parts = [f"{_style.words(str(named[key]))} {key}" for key in telling]
        lines = [" · ".join([_style.words(str(named["dataset"])), *parts[:1]]), *parts[1:]]
        yield "\n".join(lines), rows


def _telling(groups: pd.DataFrame) -> list[str]:
    """The fewest columns that tell all rows apart, in the order of preference."""
    preferred = [key for key in ("model", "loss", "study") if key in groups]
    for size in range(len(preferred) + 1):
        for keys in itertools.combinations(preferred, size):
            told = groups[list(keys)].drop_duplicates() if keys else groups.head(1)
            if len(told) == len(groups):
                return list(keys)
    return preferred


def main_groups(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of one group per dataset: the one with the most modes, then the most cells."""
    if frame.empty:
        return frame
    sizes = frame.groupby(list(GROUP)).apply(
        lambda rows: pd.Series(
            {
                "modes": len(rows[SERIES].drop_duplicates()),
                "cells": len(rows[[*SERIES, "epsilon"]].drop_duplicates()),
            }
        )
    )
    ranked = sizes.reset_index().sort_values(
        ["dataset", "modes", "cells", "study", "model", "loss"],
        ascending=[True, False, False, True, True, True],
    )
    best = ranked.drop_duplicates("dataset")[list(GROUP)]
    return frame.merge(best, on=list(GROUP))


def final(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows at the last step of their group."""
    if frame.empty:
        return frame
    return frame[frame["step"] == frame.groupby(list(GROUP))["step"].transform("max")]


def same_step(epsilons: pd.Series, epsilon: float) -> np.ndarray:
    """Where a column holds this ε; missing equals missing."""
    values = epsilons.to_numpy(float)
    return np.isclose(values, epsilon, rtol=1e-6, atol=0.0, equal_nan=True)


def probe_of(errors: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Probe rows of a group's data set, model and loss; of its model where there are none."""
    near = errors[errors["model"] == runs["model"].iloc[0]]
    same = near.merge(runs[list(PROBE_GROUP)].drop_duplicates())
    return near if same.empty else same


def chosen_step(runs: pd.DataFrame, errors: pd.DataFrame) -> float:
    """The trained ε whose probed estimate has the highest median cosine in float32.

    Without a probe of any of them: the middle of the trained ones. NaN for no ε.
    """
    trained = np.sort(runs["epsilon"].dropna().unique())
    if not len(trained):
        return np.nan
    probed = errors[errors["dtype"] == "float32"]
    medians = [probed.loc[same_step(probed["epsilon"], e), "cosine"].median() for e in trained]
    if np.isnan(medians).all():
        return float(trained[len(trained) // 2])
    return float(trained[int(np.nanargmax(medians))])
