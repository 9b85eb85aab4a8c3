"""Cosine of one estimate against its cost, every mode at its best ε, beside theory."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.epsilon_choice import PROBE_GROUP
from approxgan.analysis.frames import Tables, forward_equivalents, same_step
from approxgan.figures import _axes, _labels, _layout, _series, _style

MARKED = ("exact", "forward_difference", "central_difference")
"""Modes that are deterministic: the reverse pass, and a difference for every coordinate."""
LAW = {"color": _style.INK, "linewidth": 1.2, "zorder": 1.5}
DASHES = {
    "theory: q Gaussian at q + 1": "-",
    "theory: q Gaussian at 2q": (0, (5, 1.6)),
    "theory: q orthonormal at q + 1": (0, (1, 1.2)),
}


class CostCosine:
    needs = ("gradient_error", "probe_points")
    title = "Direction of an estimate against its cost"
    claims = ("C5",)
    caption = (
        "Cosine with the float64 gradient against the forward-equivalents of one estimate. A "
        "reverse pass counts as two evaluations of the loss, as does a Jacobian-vector product. "
        "Each mode is shown at its ε of highest median cosine. Points are medians over seeds and "
        "points of the trajectory, bars hold the middle 80 %. The figure shows one data set per "
        "model: the one probed with most modes. Lines are theory in the smooth limit, the root "
        "mean square over draws: √(q/(q+d−1)) for q Gaussian directions and d parameters, with q "
        "+ 1 evaluations for one-sided differences and 2q for two-sided differences and "
        "Jacobian-vector products; √(q/d) for orthonormal directions. Modes with a black edge are "
        "deterministic. Random directions stay near their line: their cosine costs evaluations in "
        "proportion to d, while a reverse pass costs three whatever d is. The cosine of an "
        "estimate of zeros alone counts as 0. Control modes, and steps that a rule chose, are "
        "left out. The cosine axis is linear up to 0.01 and logarithmic above."
    )

    def draw(self, tables: Tables) -> Figure:
        errors = tables["gradient_error"]
        errors = errors[~_series.ruled(errors) & errors["chooses_epsilon"].eq(True)]
        errors = errors[~errors["mode"].isin(_series.CONTROLS)]
        if not errors["cosine"].notna().any():
            return _style.no_data("the table gradient_error holds no cosine that chooses ε")
        errors = errors.fillna({"cosine": 0.0})
        errors = _series.main_groups(errors, PROBE_GROUP, "model")
        sizes = tables["probe_points"][["model", "player", "dimension"]].drop_duplicates()
        errors = errors.merge(sizes, "left")
        shown, parts = _series.series(errors), []
        for title, rows in _series.players(errors):
            known = rows["dimension"].notna().all()
            parts.append(
                (f"{title}, d = {rows['dimension'].iloc[0]:,.0f}" if known else title, rows)
            )

        least = min(best(one.rows(rows))["cosine"].quantile(0.1) for _, rows in parts
                    for one in shown if len(one.rows(rows)))  # fmt: skip

        def panel(axes: list[Axes], rows: pd.DataFrame) -> None:
            (ax,) = axes
            if rows["dimension"].notna().all():
                _laws(ax, rows["dimension"].iloc[0])
            for one in shown:
                _point(ax, best(one.rows(rows)), one)
            spent = forward_equivalents(rows)
            ax.set_xlim(0.7 * min(spent.min(), 2), 2 * spent.max())
            _axes.log(ax)
            _axes.cosine(ax, "y", least)

        keys = [_style.key(text, linestyle=dash, **LAW) for text, dash in DASHES.items()]
        return _layout.panels(
            parts, panel, [3.6], ["forward-equivalents of one estimate"], ["cosine"], keys,
            across=2, sharey="all",
        )  # fmt: skip


def best(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the ε of highest median cosine; of no ε where the mode takes none."""
    medians = rows.groupby("epsilon", dropna=False)["cosine"].median()
    if medians.empty:
        return rows
    return rows[same_step(rows["epsilon"], float(medians.index[medians.argmax()]))]


def cosine(directions: np.ndarray, dimension: float) -> np.ndarray:
    """Expected of so many Gaussian directions."""
    return np.sqrt(directions / (directions + dimension - 1))


def _laws(ax: Axes, dimension: float) -> None:
    q, few = np.geomspace(1, 4 * dimension, 200), np.geomspace(1, dimension, 100)
    gaussian = cosine(q, dimension)
    curves = ((q + 1, gaussian), (2 * q, gaussian), (few + 1, np.sqrt(few / dimension)))
    for (x, y), dash in zip(curves, DASHES.values(), strict=True):
        ax.plot(x, y, linestyle=dash, **LAW)


def _look(one: _series.Series) -> dict[str, Any]:
    look = {"color": one.colour, "marker": one.marker, "linestyle": "", "markersize": 7}
    if one.mode not in MARKED:
        return look
    # What is as good at the same price is drawn over exact and must not hide it.
    size = 12 if one.mode == "exact" else 8.5
    return {**look, "markersize": size, "markeredgecolor": _style.INK, "markeredgewidth": 1.5}


def _point(ax: Axes, rows: pd.DataFrame, one: _series.Series) -> None:
    if rows.empty:
        return
    x = forward_equivalents(rows).median()
    low, middle, high = rows["cosine"].quantile([0.1, 0.5, 0.9])
    ax.plot([x, x], [low, high], color=one.colour, linewidth=1.6, zorder=3)
    ax.plot(x, middle, zorder=4, **_look(one))
    _labels.beside(ax, x, middle, one.label, one.colour)
