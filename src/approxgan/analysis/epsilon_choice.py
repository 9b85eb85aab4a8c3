"""The one ε at which a mode is judged and shown: that of the highest median cosine.

It is chosen by the gradients that the probe measured, never by the results it is judged by.
Claims choose among all cells of a mode, figures among those of one series.
"""

from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis.frames import same_step

PROBE_GROUP = ("dataset", "model", "loss")
Cell = tuple[str, float]
"""Settings and ε of a mode; NaN for no ε."""


def best(runs: pd.DataFrame, errors: pd.DataFrame) -> Cell | None:
    """The trained cell whose estimates have the highest median cosine.

    ``runs`` are of one mode in one group, ``errors`` is the tidy table gradient_error. The median
    is over the probed points and both players; the first cell wins a tie. A single cell is no
    choice. None where no cell was probed.
    """
    keys = ["settings", "epsilon", "own_settings"]
    cells: list[tuple[Any, pd.DataFrame]] = list(runs.groupby(keys, dropna=False))
    best = 0
    if len(cells) > 1:
        mine = errors[errors["mode"] == runs["mode"].iloc[0]]
        medians = [_cosine(_probed(mine, own), cell) for cell, own in cells]
        if np.isnan(medians).all():
            return None
        best = int(np.nanargmax(medians))
    settings, epsilon, _ = cells[best][0]
    return settings, epsilon


def shown(runs: pd.DataFrame, errors: pd.DataFrame) -> float:
    """The ε at which figures show a mode's runs: the best, or the middle one without a probe."""
    chosen = best(runs, errors) if len(runs) else None
    if chosen is not None:
        return chosen[1]
    trained = np.sort(runs["epsilon"].dropna().unique())
    return float(trained[len(trained) // 2]) if len(trained) else np.nan


def _probed(errors: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Rows of the runs' model: in their precision, on their data set and with their loss.

    Where their precision was not probed, in the one that chooses; where their data set or loss was
    not, on all.
    """
    near = errors[errors["model"] == runs["model"].iloc[0]]
    own = near[near["dtype"].isin(runs["dtype"])] if "dtype" in runs else near[:0]
    near = near[near["chooses_epsilon"].eq(True)] if own.empty else own
    same = near.merge(runs[list(PROBE_GROUP)].drop_duplicates())
    return near if same.empty else same


def _cosine(probed: pd.DataFrame, cell: tuple[str, float, str]) -> float:
    here = (probed["own_settings"] == cell[2]) & same_step(probed["epsilon"], cell[1])
    return float(pd.to_numeric(probed.loc[here, "cosine"]).median())
