"""Exact zeros of pre-activations, and when runs that differ in alpha alone part."""

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP, Tables
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
    needs = ("training", "outcomes")
    title = "Which slope at a kink"
    caption = (
        "Runs of the mode subgradient that differ in alpha alone, the slope used where a "
        "pre-activation is exactly 0. One column per study (a study has one precision), data set, "
        "model and loss. Above: the share of pre-activations that are exactly 0 at the traced "
        "steps, mean over runs, logarithmic above 10⁻⁷. Below: the share of seeds whose losses "
        "differ in any bit from those of the smallest alpha by each traced step. Alpha acts "
        "through exact zeros alone: runs without any are the same for every alpha, and their line "
        "stays at 0. The panel counts the runs that never parted. Bertoin et al. (2021) found "
        "exact zeros common in float16, rare in float32 and almost absent in float64. Runs that "
        "part are different, but neither is better for that."
    )

    def draw(self, tables: Tables) -> Figure:
        training = _with_alpha(tables["training"])
        if training.empty:
            return _style.no_data("no study ran subgradient with several alpha")
        if not training[ZEROS].notna().any(axis=None):
            return _style.no_data("the table training holds no shares of exact zeros")
        ends = _with_alpha(tables["outcomes"])
        alphas = np.sort(training["alpha"].unique())[1:]
        colours = sns.color_palette("viridis_r", len(alphas) + 1)[: len(alphas)]
        # Equal lines show inside each other.
        widths = np.linspace(4.5, 1.5, len(alphas))
        looks = {alpha: {"color": colour, "linewidth": width}
                 for alpha, colour, width in zip(alphas, colours, widths, strict=True)}  # fmt: skip

        means = training.groupby([*GROUP, "step"], dropna=False)[list(ZEROS)].mean()
        top = min(1.0, 30.0 * max(LEAST, means.max().max()))

        def column(axes: list[Axes], rows: pd.DataFrame) -> None:
            here = ends.merge(rows[list(GROUP)].drop_duplicates())
            _zeros(axes[0], rows, top)
            _partings(axes[1], rows, here["steps"].max(), looks)

        studies = training["study"].nunique()
        labels = ["exact zeros\n(share)", "runs that parted\n(share of seeds)"]
        keys = [_style.key(player, color=SHARE, ls=dash) for player, dash in PLAYERS.items()]
        keys += [_style.key(f"alpha {alpha:g} against the smallest", **look)
                 for alpha, look in looks.items()]  # fmt: skip
        return _layout.panels(
            _series.split(training, ORDER), column, [1.7, 1.7], ["training step"], labels, keys,
            across=studies if 1 < studies < 5 else 4, sharey="row",
        )  # fmt: skip


def _with_alpha(frame: pd.DataFrame) -> pd.DataFrame:
    """Subgradient's rows of the groups with several alpha, the number in a column."""
    rows = frame[frame["mode"] == "subgradient"]
    # Players with an alpha each have a list of two: no one number.
    own = rows["own_settings"].map(json.loads)
    alpha = [one.get("alpha", np.nan) if isinstance(one, dict) else np.nan for one in own]
    rows = rows.assign(alpha=alpha).dropna(subset="alpha")
    several = rows.groupby(list(GROUP))["alpha"].transform("nunique") > 1
    return rows[several]


def _zeros(ax: Axes, rows: pd.DataFrame, top: float) -> None:
    means = rows.groupby("step")[ZEROS].mean()
    for column, dash in zip(ZEROS, PLAYERS.values(), strict=True):
        ax.plot(means.index, means[column], color=SHARE, linestyle=dash)
    ax.set_yscale("symlog", linthresh=LEAST, linscale=0.5)
    ax.set_yticks([0, 1e-6, 1e-4, 1e-2, 1])
    ax.set_ylim(-0.3 * LEAST, top)
    ax.minorticks_off()


def _partings(ax: Axes, rows: pd.DataFrame, end: float, looks: Mapping[float, dict]) -> None:
    found = _first_steps(rows)
    for alpha, first in found.groupby("alpha")["step"]:
        steps = np.sort(first.dropna().to_numpy(float))
        x = [0.0, *steps, max(end, *steps, 0.0)]
        y = np.minimum(np.arange(len(x)), len(steps)) / len(first)
        ax.plot(x, y, drawstyle="steps-post", **looks[float(str(alpha))])
    ax.set_ylim(-0.04, 1.04)
    ax.locator_params(axis="x", nbins=4)
    never = found["step"].isna()
    high = never.mean() > 0.5
    place = {"y": 0.93 if high else 0.07, "va": "top" if high else "bottom", "bbox": _style.BOX}
    text = f"{never.sum()} of {len(found)} pairs never part"
    ax.text(0.96, s=text, ha="right", transform=ax.transAxes, **place)


def _first_steps(rows: pd.DataFrame) -> pd.DataFrame:
    """alpha, seed and the first traced step whose losses differ from the smallest alpha's.

    Missing for a pair that never differs. A run that ended differs from one that goes on.
    """
    losses = rows.pivot(index=["seed", "step"], columns="alpha", values=LOSSES)
    seeds = rows.groupby("alpha")["seed"].unique()
    least, found = seeds.index[0], []
    for alpha in seeds.index[1:]:
        one, other = (losses.xs(which, level="alpha", axis=1) for which in (least, alpha))
        parted = ~(one.eq(other) | (one.isna() & other.isna())).all(axis=1)
        first = losses.index[parted].to_frame(index=False).groupby("seed")["step"].min()
        pairs = np.intersect1d(seeds[least], seeds[alpha])
        found.append(first.reindex(pairs).reset_index().assign(alpha=alpha))
    return pd.concat(found, ignore_index=True)
