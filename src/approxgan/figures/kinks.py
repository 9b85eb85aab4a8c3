"""When the slope at a kink matters."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP
from approxgan.figures import _layout, _series, _style

PLAYERS = {"discriminator": "-", "generator": (0, (4, 1.2))}
ZEROS = [f"{player}_exact_zeros" for player in PLAYERS]
LOSSES = [f"{player}_loss" for player in PLAYERS]
SHARE = "#0072b2"
ORDER = ("dataset", "model", "loss", "study")
"""Studies side by side: they are what is to be compared."""
LEAST = 1e-7
"""Where the axis of shares stops being logarithmic: rarer zeros than one in ten million."""


class Kinks:
    """Exact zeros of pre-activations, and when runs that differ in alpha alone part."""

    needs = ("training", "outcomes")
    title = "Which slope at a kink"
    caption = (
        "Runs of the mode subgradient that differ in alpha alone, the slope used where a "
        "pre-activation is exactly 0. One column per study (a study has one precision), data set, "
        "model and loss. Above: the share of pre-activations that are exactly 0 at the traced "
        "steps, mean over runs, logarithmic above 10⁻⁷. Below: the share of seeds whose losses "
        "differ in any bit from those of the smallest alpha by each traced step. The choice of "
        "alpha acts through exact zeros alone: runs without any are the same for every alpha, and "
        "their line stays at 0. The panel counts the runs that never parted. Bertoin et al. (2021) "
        "found exact zeros common in float16, rare in float32 and almost absent in float64. Runs "
        "that part are different, but neither is better for that."
    )

    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        training = _with_alpha(tables["training"])
        if training.empty:
            return _style.no_data("no study ran subgradient with several alpha")
        if not training[ZEROS].notna().any(axis=None):
            return _style.no_data("the table training holds no shares of exact zeros")
        ends = _with_alpha(tables["outcomes"])
        looks = _looks(training)
        groups = list(_series.split(training, ORDER))
        studies = training["study"].nunique()
        across = studies if 1 < studies < 5 else 4
        laid = _layout.panels(len(groups), [1.7, 1.7], across, sharey="row")
        for g, (title, rows) in enumerate(groups):
            _zeros(laid.at(g, 0), rows)
            here = ends.merge(rows[list(GROUP)].drop_duplicates())
            _partings(laid.at(g, 1), rows, here["steps"].max(), looks)
            laid.at(g).set_title(title)
        labels = ["exact zeros\n(share)", "runs that parted\n(share of seeds)"]
        laid.finish(len(groups), "training step", labels)
        _style.legend(laid.figure, _keys(looks))
        return laid.figure


def _with_alpha(frame: pd.DataFrame) -> pd.DataFrame:
    """Subgradient's rows of the groups with several alpha, the number in a column."""
    rows = frame[frame["mode"] == "subgradient"]
    # Players with an alpha each have a list of two: no one number.
    own = rows["own_settings"].map(json.loads)
    alpha = [one.get("alpha", np.nan) if isinstance(one, dict) else np.nan for one in own]
    rows = rows.assign(alpha=alpha).dropna(subset="alpha")
    several = rows.groupby(list(GROUP))["alpha"].transform("nunique") > 1
    return rows[several]


def _looks(rows: pd.DataFrame) -> dict[float, dict]:
    """A colour and a width per alpha but the smallest: equal lines show inside each other."""
    alphas = sorted(rows["alpha"].unique())[1:]
    colours = sns.color_palette("viridis_r", len(alphas) + 1).as_hex()
    widths = np.linspace(4.5, 1.5, len(alphas))
    return {
        alpha: {"color": colours[k], "linewidth": widths[k], "drawstyle": "steps-post"}
        for k, alpha in enumerate(alphas)
    }


def _zeros(ax: Axes, rows: pd.DataFrame) -> None:
    means = rows.groupby("step")[ZEROS].mean()
    for column, dash in zip(ZEROS, PLAYERS.values(), strict=True):
        ax.plot(means.index, means[column], color=SHARE, linestyle=dash)
    ax.set_yscale("symlog", linthresh=LEAST, linscale=0.5)
    ax.set_yticks([0, 1e-6, 1e-4, 1e-2, 1])
    ax.set_ylim(-0.3 * LEAST, 1)
    ax.minorticks_off()


def _partings(ax: Axes, rows: pd.DataFrame, end: float, looks: Mapping[float, dict]) -> None:
    never, pairs = 0, 0
    for alpha, first in _first_steps(rows).groupby("alpha")["step"]:
        never, pairs = never + int(first.isna().sum()), pairs + len(first)
        steps = np.sort(first.dropna().to_numpy(float))
        x = np.concatenate([[0.0], steps, [max(end, *steps, 0.0)]])
        y = np.arange(len(steps) + 1) / len(first)
        ax.plot(x, [*y, y[-1]], **looks[float(str(alpha))])
    ax.set_ylim(-0.04, 1.04)
    ax.locator_params(axis="x", nbins=4)
    text = f"{never} of {pairs} pairs never part"
    box = {"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 1}
    high = never > pairs / 2
    place = {"y": 0.93 if high else 0.07, "va": "top" if high else "bottom"}
    ax.text(0.96, s=text, ha="right", transform=ax.transAxes, bbox=box, **place)


def _first_steps(rows: pd.DataFrame) -> pd.DataFrame:
    """alpha, seed and the first traced step whose losses differ from the smallest alpha's.

    Missing for a pair that never differs. A run that ended differs from one that goes on.
    """
    least = rows["alpha"] == rows["alpha"].min()
    columns = ["seed", "step", *LOSSES]
    found = []
    for alpha, others in rows[~least].groupby("alpha"):
        seeds = set(others["seed"]) & set(rows.loc[least, "seed"])
        pair = rows.loc[least, columns].merge(
            others[columns], on=["seed", "step"], how="outer", suffixes=("", "_other")
        )
        one, other = (pair[[f"{n}{end}" for n in LOSSES]].to_numpy(float) for end in ("", "_other"))
        same = ((one == other) | (np.isnan(one) & np.isnan(other))).all(1)
        first = pair[~same].groupby("seed")["step"].min()
        found += [{"alpha": alpha, "seed": s, "step": first.get(s, np.nan)} for s in sorted(seeds)]
    return pd.DataFrame(found, columns=["alpha", "seed", "step"])


def _keys(looks: Mapping[float, dict]) -> list:
    entries = [_style.key(player, color=SHARE, ls=dash) for player, dash in PLAYERS.items()]
    for alpha, look in looks.items():
        kept = {name: look[name] for name in ("color", "linewidth")}
        entries.append(_style.key(f"alpha {alpha:g} against the smallest", **kept))
    return entries
