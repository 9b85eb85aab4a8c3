"""Result tables as all their readers see them: tidy, in one order, grouped in one way."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from approxgan.core.protocols import FORWARDS_PER_BACKWARD
from approxgan.storage.tables import COLUMNS

Tables = Mapping[str, pd.DataFrame]
"""Tables by their names."""
GROUP = ("study", "dataset", "model", "loss")
"""Runs are compared with runs that share all of these."""
PROBE = GROUP[1:]
"""A probe has no study."""
CELL = ("mode", "epsilon", "rule", "settings")
"""Runs that agree in these, within a group, differ by their seed alone."""
ORDER = (*GROUP, *CELL, "metric", "dtype", "player", "seed", "first_seed", "step", "repeat")
TEXTS = (
    *("mode", "rule", "settings", "own_settings", "matched_mode", "matched_settings"),
    *("dtype", "varied", "tuned"),
)


def table(tables: Tables, name: str) -> pd.DataFrame:
    """A tidy table with all its columns; without rows if it is not there.

    Rows are sorted: resampling must not depend on how they came.
    """
    columns = COLUMNS[name]
    frame = tables.get(name)
    frame = pd.DataFrame(columns=list(columns)) if frame is None else frame
    frame = tidy(frame.reindex(columns=[*frame, *(key for key in columns if key not in frame)]))
    by = [key for key in ORDER if key in columns]
    return frame.sort_values(by, kind="stable", ignore_index=True)


def tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """Missing names as empty texts, ε and values as floats, whatever an empty table holds."""
    texts = {key: frame[key].astype("str").fillna("") for key in TEXTS if key in frame}
    numbers = {
        key: pd.to_numeric(frame[key]).astype(float) for key in ("epsilon", "value") if key in frame
    }
    return frame.assign(**texts, **numbers)


def with_gradient(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of a tidy table on generators that have a gradient.

    Without one, every cell of a group has the exact gradient for the discriminator alone, and a
    probe states its draws.
    """
    if {*GROUP, "mode"} <= set(frame):
        keys, told, every = GROUP, frame["mode"].astype(str).str.endswith("+exact"), "all"
    elif {*PROBE, "own_settings"} <= set(frame):
        keys, told = PROBE, frame["own_settings"].astype(str).str.contains('"noise"')
        every = "any"
    else:
        return frame
    of = [frame[key] for key in keys]
    return frame[~told.groupby(of, dropna=False).transform(every).astype(bool)]


def final(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of each cell's last snapshot."""
    if frame.empty:
        return frame
    last = frame.groupby([*GROUP, *CELL], dropna=False)["step"].transform("max")
    return frame[frame["step"] == last]


def by_cell(frame: pd.DataFrame) -> dict[tuple[str, ...], pd.DataFrame]:
    """The rows of every cell, by its name: a missing ε equals nothing, but its spelling does."""
    groups = frame.groupby([*GROUP, *CELL], dropna=False)
    return {tuple(map(str, cell)): rows for cell, rows in groups}


def primary(quality: pd.DataFrame) -> pd.DataFrame:
    """The rows of the number that decides the claims."""
    return quality[quality["is_primary"].eq(True)]


def null_of(nulls: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of quality_null for these scores' data sets and numbers, at as many samples."""
    return nulls.merge(rows[["dataset", "samples", "metric"]].drop_duplicates())


def same_step(epsilons: pd.Series, epsilon: float) -> np.ndarray:
    """Where a column holds this ε; missing equals missing."""
    values = epsilons.to_numpy(float)
    return np.isclose(values, epsilon, rtol=1e-6, atol=0.0, equal_nan=True)


def forward_equivalents(rows: pd.DataFrame) -> pd.Series:
    """Evaluations of both losses, frozen passes and reverse passes as one number."""
    return rows["forwards"] + FORWARDS_PER_BACKWARD * rows["backwards"]


def off_theory(dirac: pd.DataFrame) -> pd.Series:
    """Distances of the Dirac-GAN's (θ, ψ) from theory, relative to theory's radius."""
    truth = dirac[["expected_generator", "expected_discriminator"]].to_numpy(float)
    away = dirac[["generator", "discriminator"]].to_numpy(float) - truth
    return pd.Series(np.hypot(*away.T) / np.hypot(*truth.T), dirac.index)
