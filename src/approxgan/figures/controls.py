"""What approximation does, apart from what noise, zeros and chance do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.figures import _groups, _panels, _quality, _style

METRIC = "energy_distance"
MATCHED = "forward_difference"
LIKE = rf"(?:^|_)like_{MATCHED}"
"""In the settings of its controls."""
FREE = ("exact", "perturbed_start")
GAP = 0.7
"""Between the places of two ε, in places."""


class Controls:
    """Final energy distance of the forward difference beside its controls, a point a seed."""

    needs = ("quality", "quality_null")
    title = "Is it the approximation? The forward difference beside its controls"
    caption = (
        "Energy distance at the last step, a point a seed, bars the medians; crosses at the upper "
        "edge are runs that diverged. Each control decides one question. Perturbed start: exact "
        "gradients from a start moved by a rounding error; where it differs from exact, seed by "
        "seed, by as much as another mode does, that mode shows chance alone. Noisy exact: the "
        "exact gradient plus random noise as large as the error measured for the forward "
        "difference at this ε; where both end alike, the size of the error explains the result, "
        "and where they do not, its kind does (an error in one direction, the same at each step). "
        "Masked exact: the exact gradient with as many entries set to zero as the forward "
        "difference loses to rounding at this ε; where both end alike, the lost entries explain "
        "it. An advantage over exact that a control has too is not one of approximation. Black "
        "line and band: exact, median and middle half. One panel per data set, model and loss "
        "with controls matched to the forward difference. Hatched: what a perfect generator would "
        "score; the axis is linear around 0 and logarithmic beyond."
    )

    @_style.themed
    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        rows = matched(_groups.final(_groups.tidy(tables["quality"])))
        if rows.empty:
            return _style.no_data(f"no run has a control that is matched with {MATCHED}")
        nulls = tables["quality_null"]
        nulls = nulls[nulls["metric"] == METRIC]
        shown = _groups.series(rows)
        blocks, groups = _blocks(rows, shown), list(_groups.split(rows, _groups.GROUP))
        laid = _panels.panels(len(groups), [2.8], across=1)
        for g, (title, own) in enumerate(groups):
            ax = laid.at(g)
            null = nulls[nulls["dataset"] == own["dataset"].iloc[0]]
            _quality.perfect(ax, null)
            _quality.exact(ax, own[own["mode"] == "exact"])
            _panel(ax, own, blocks)
            _quality.fit(ax, own["value"].to_numpy(float), null)
            ax.set_title(title)
        laid.finish(len(groups), "ε (parameter units)", ["energy distance (data units)"])
        for ax in laid.axes.flat:
            ax.grid(False, axis="x")
        _style.legend(laid.figure, _keys(shown))
        return laid.figure


def matched(final: pd.DataFrame) -> pd.DataFrame:
    """Of groups with matched controls: these, what they are matched with, and modes without ε."""
    rows = final[final["metric"] == METRIC]
    is_control = rows["settings"].str.contains(LIKE) & rows["epsilon"].notna()
    keys = [*_groups.GROUP, "epsilon"]
    twin = rows[rows["mode"] == MATCHED].merge(rows.loc[is_control, keys].drop_duplicates())
    free = rows[rows["mode"].isin(FREE)].merge(
        rows.loc[is_control, list(_groups.GROUP)].drop_duplicates()
    )
    return pd.concat([free, twin, rows[is_control]], ignore_index=True)


def _blocks(
    rows: pd.DataFrame, shown: list[_groups.Series]
) -> list[tuple[float, list[_groups.Series]]]:
    """Side by side: modes without ε, then for each ε the forward difference and its controls."""
    ranked = sorted(shown, key=lambda one: (one.mode != MATCHED, shown.index(one)))
    blocks = []
    for epsilon in [np.nan, *sorted(rows["epsilon"].dropna().unique())]:
        here = rows[_groups.same_step(rows["epsilon"], epsilon)]
        series = [one for one in ranked if len(one.rows(here))]
        blocks += [(epsilon, series)] if series else []
    return blocks


def _panel(ax: Axes, rows: pd.DataFrame, blocks: list[tuple[float, list[_groups.Series]]]) -> None:
    place, ticks, names = 0.0, [], []
    for epsilon, series in blocks:
        for k, one in enumerate(series):
            own = one.rows(rows)
            _points(ax, place + k, own[_groups.same_step(own["epsilon"], epsilon)], one)
        ticks.append(place + (len(series) - 1) / 2)
        names.append("none" if np.isnan(epsilon) else _style.epsilon_text(epsilon))
        place += len(series) + GAP
    ax.set_xticks(ticks, names)
    ax.set_xlim(-0.8, place - GAP - 0.2)


def _points(ax: Axes, place: float, rows: pd.DataFrame, one: _groups.Series) -> None:
    """Seeds from left to right in their order, so that no two hide each other."""
    rows = rows.sort_values("seed")
    across = place + np.linspace(-0.28, 0.28, len(rows)) if len(rows) > 1 else np.array([place])
    values = rows["value"].to_numpy(float)
    known = np.isfinite(values)
    ax.plot(across[known], values[known], linestyle="", marker=one.marker, markersize=3.5,
            color=one.colour, alpha=0.7)  # fmt: skip
    if known.any():
        middle = np.median(values[known])
        ax.plot([place - 0.4, place + 0.4], [middle] * 2, color=one.colour, linewidth=2.6, zorder=4)
    if not known.all():
        up = np.full((~known).sum(), 0.985)
        ax.plot(across[~known], up, "x", color=one.colour, transform=ax.get_xaxis_transform(),
                clip_on=False)  # fmt: skip


def _keys(shown: list[_groups.Series]) -> list[Any]:
    # What they are matched with is in the title.
    names = [one.label.replace(f"like {_style.words(MATCHED)}", "matched") for one in shown]
    entries = [
        _style.key(name, color=one.colour, marker=one.marker, linewidth=2.6)
        for name, one in zip(names, shown, strict=True)
    ]
    _, cross = _quality.lost_keys()
    cross.set_label("diverged")
    return [*entries, _quality.perfect_key(), cross]


variant = Controls
