"""Samples and scores of guests, beside the truth and beside exact gradients."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import Tables, final, null_of, primary
from approxgan.analysis.text import words
from approxgan.figures import _axes, _layout, _style, _tiles

COLOUR = "#8a2d6b"
SHOWN = 600
MOST = 5
"""Guests of a data set that are drawn; the table has all."""


class Guests:
    needs = ("guests", "guest_samples", "data", "quality", "quality_null")
    title = "Guests: samples of other trainings"
    caption = (
        "Samples that were trained elsewhere (purple) over true points (grey), first two "
        "coordinates, first seed. Right: the number that decides the claims, a point a seed: the "
        "guests; exact, at the end of every study of this data set; and the scores of a perfect "
        "generator (hatched). All are compared with as many fresh true samples. At most 5 guests "
        "of a data set are drawn. Guests stand in no verdict: their training is not known here."
    )

    def draw(self, tables: Tables) -> Figure:
        scores = tables["guests"]
        if scores.empty:
            return _style.no_data("no guest was added; approxgan add-run adds one")
        parts = [(str(name), own) for name, own in scores.groupby("dataset")]
        heights = [2.6] * len(parts)
        figure, places = _layout.blocks([words(name) for name, _ in parts], heights)
        for place, (dataset, own) in zip(places, parts, strict=True):
            names = sorted(own["guest"].unique())[:MOST]
            axes = place.subplots(1, 1 + len(names), width_ratios=[*[1.0] * len(names), 1.8])
            true = _tiles.true_points(tables["data"], dataset, SHOWN)
            _draw_samples(axes[:-1], names, tables["guest_samples"], true)
            quality = primary(final(tables["quality"]))
            here = quality["dataset"].eq(dataset) & quality["mode"].eq("exact")
            nulls = tables["quality_null"]
            _draw_scores(axes[-1], names, own[own["is_primary"].eq(True)], quality[here], nulls)
        return figure


def _draw_samples(
    axes: Sequence[Axes], names: Sequence[str], samples: pd.DataFrame, true: pd.DataFrame
) -> None:
    _tiles.bare(np.asarray(axes))
    for ax, name in zip(axes, names, strict=True):
        points = samples[samples["guest"] == name].nsmallest(SHOWN, "index")
        ends = _tiles.limits(true if len(true) else points)
        ax.set(xlim=ends[0], ylim=ends[1])
        ax.set_title(f"guest: {words(name)}", fontsize=_style.SMALL, pad=3)
        _tiles.cloud(ax, true, _tiles.TRUE, 2.5, 1.0)
        _tiles.cloud(ax, points, COLOUR, 3.0)


def _draw_scores(
    ax: Axes,
    names: Sequence[str],
    scores: pd.DataFrame,
    exact: pd.DataFrame,
    nulls: pd.DataFrame,
) -> None:
    rows = [(words(name), scores[scores["guest"] == name], COLOUR) for name in names]
    rows.append(("exact", exact, _style.colour("exact")))
    for place, (_, own, colour) in enumerate(rows):
        values = own["value"].dropna().to_numpy(float)
        ax.scatter(values, np.full(len(values), place), s=22, color=colour, alpha=0.8, zorder=3)
    perfect = null_of(nulls, scores)["value"].dropna().to_numpy(float)
    if len(perfect):
        look = {"facecolor": "none", "edgecolor": "#999", "hatch": "///", "linewidth": 0.0}
        ax.axvspan(float(perfect.min()), float(perfect.max()), **look)
    _style.dress(ax)
    ax.set_yticks(range(len(rows)), [name for name, *_ in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    metric = scores["metric"].iloc[0] if len(scores) else ""
    ax.set_xlabel(words(metric))
    drawn = np.concatenate([own["value"].dropna().to_numpy(float) for _, own, _ in rows])
    if len(drawn) and drawn.min() > 0 and drawn.max() > 30 * drawn.min():
        _axes.log(ax)
