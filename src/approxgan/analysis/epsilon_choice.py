"""The one ε at which a mode is judged and shown: that of the highest median cosine.

It is chosen by the gradients that the probe measured, never by the results it is judged by.
Claims choose among all cells of a mode, figures among those of one series.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from approxgan.analysis.frames import same_step

PROBE_GROUP = ("dataset", "model", "loss")
Cell = tuple[str, float]
"""Settings and ε of a mode; NaN for no ε."""


def cells(runs: pd.DataFrame) -> list[Cell]:
    """The cells of one mode's runs, in order."""
    found = runs[["settings", "epsilon"]].drop_duplicates().sort_values(["settings", "epsilon"])
    return list(found.itertuples(index=False, name=None))


def probe_of(errors: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Probe rows of the runs' data set, model and loss; of their model where there are none."""
    near = errors[errors["model"] == runs["model"].iloc[0]]
    same = near.merge(runs[list(PROBE_GROUP)].drop_duplicates())
    return near if same.empty else same


def best(runs: pd.DataFrame, errors: pd.DataFrame) -> Cell | None:
    """The trained cell whose estimates have the highest median cosine.

    ``runs`` are of one mode in one group, ``errors`` is the tidy table gradient_error. The median
    is over the probed points and both players, in the precision that chooses; the first cell wins
    a tie. A single cell is no choice. None where no cell was probed.
    """
    candidates = cells(runs)
    if len(candidates) == 1:
        return candidates[0]
    medians = list(_medians(runs, candidates, errors[errors["chooses_epsilon"].eq(True)]))
    return None if np.isnan(medians).all() else candidates[int(np.nanargmax(medians))]


def shown(runs: pd.DataFrame, errors: pd.DataFrame) -> float:
    """The ε at which figures show a mode's runs: the best, or the middle one without a probe."""
    chosen = best(runs, errors) if len(runs) else None
    if chosen is not None:
        return chosen[1]
    trained = np.sort(runs["epsilon"].dropna().unique())
    return float(trained[len(trained) // 2]) if len(trained) else np.nan


def _medians(runs: pd.DataFrame, candidates: list[Cell], errors: pd.DataFrame) -> Iterator[float]:
    mine = errors[errors["mode"] == runs["mode"].iloc[0]]
    probed = probe_of(mine, runs)
    for settings, epsilon in candidates:
        here = (probed["settings"] == settings) & same_step(probed["epsilon"], epsilon)
        yield float(pd.to_numeric(probed.loc[here, "cosine"]).median())
