"""Every score of every cell, as its distance from perfect beside exact's."""

from collections.abc import Iterator

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from approxgan.analysis.frames import Tables, final, null_of
from approxgan.analysis.text import POWERS, words
from approxgan.figures import _lines, _series, _style

CELL, LINE, NAMES, HEAD = 0.41, 0.235, 2.9, 1.75
"""Inches; of a column, of a line, of the names of the lines and of those of the columns."""
LEAN = 4
"""Columns over which the name of another leans, at most."""
FLOOR = 0.01
"""Share of the perfect score that counts as its scatter, at least."""
LIMIT = 100.0
"""Ratio at which the colours end."""
MOST = 17
"""Scores that have a column, and values of ε that are shown, at most; captions say so."""


class QualityMetrics:
    needs = ("quality", "quality_null")
    title = "Do the other scores agree?"
    caption = (
        "Every score of every cell at the last step, medians over seeds. A number is the distance "
        "of the score from that of a perfect generator, divided by the distance of exact's: 1 is "
        "as good as exact, 2 is twice as far from perfect. Red is worse than exact, blue is "
        "better; the colours end at 100. A distance counts as at least one standard deviation of "
        "perfect scores, and 1 % of their mean. The first column is the score that decides the "
        "claims; the others are exploratory. The scores agree where a line has one colour. The "
        "figure shows one study per data set, the one with most modes, and data sets with at "
        "least three. At most 17 scores and 17 values of ε are shown. Some scores can be fooled: "
        "recall rewards points that are far apart, wherever they are. Matched controls have a "
        "figure of their own. Scores in other views of the data are in the table alone."
    )

    def draw(self, tables: Tables) -> Figure:
        quality = final(tables["quality"])
        quality = quality[quality["matched_mode"] == ""]
        quality = _series.compared(_series.main_groups(quality[_own(quality)]), least=3)
        nulls = tables["quality_null"]
        found = [(title, ratios(rows, null_of(nulls, rows))) for title, rows in
                 _series.split(quality, ["study", "dataset", "model", "loss"])]  # fmt: skip
        found = [(title, table) for title, table in found if table.size]
        if not found:
            return _style.no_data("no score is known both of exact and of a perfect generator")
        heights = [LINE * len(table) + HEAD for _, table in found]
        # The names of the last columns lean over what is beside them.
        most = max(table.shape[1] for _, table in found) + LEAN
        figure = _style.new(
            float(np.clip(NAMES + CELL * most, 8.0, _style.WIDTH)), sum(heights) + 0.9
        )
        axes = figure.subplots(len(found), 1, squeeze=False, height_ratios=heights)[:, 0]
        scale = ScalarMappable(colors.LogNorm(1 / LIMIT, LIMIT), mpl.colormaps["RdBu_r"])
        for ax, (title, table) in zip(axes, found, strict=True):
            _panel(ax, title, table, scale, most)
        label = "distance from a perfect generator's score ÷ exact's"
        look = {"location": "bottom", "shrink": 0.6, "aspect": 45, "label": label}
        _style.ticks(figure.colorbar(scale, ax=list(axes), **look).ax)
        return figure


def ratios(rows: pd.DataFrame, null: pd.DataFrame) -> pd.DataFrame:
    """Cells by scores of one group: each distance from perfect over exact's.

    The score that decides is the first column; the cells are in the order of ``series``.
    """
    perfect = null.groupby("metric")["value"].agg(["mean", "std"])
    main = rows.loc[rows["is_primary"].eq(True), "metric"].unique()
    metrics = sorted(set(rows["metric"]) & set(perfect.index), key=lambda m: (m not in main, m))
    scatter = perfect["std"].fillna(0).clip(lower=FLOOR * perfect["mean"].abs())
    table = {}
    for one, epsilon in _cells(rows):
        values = one.at(rows, epsilon).groupby("metric")["value"].median().reindex(metrics)
        away = (values - perfect["mean"].reindex(metrics)).abs()
        table[one.named([epsilon])] = np.maximum(away, scatter.reindex(metrics))
    frame = pd.DataFrame(table).T.reindex(columns=metrics)
    if "exact" not in frame.index:
        return frame.iloc[:0, :0]
    return (frame / frame.loc["exact"]).dropna(axis=1, how="all").iloc[:, :MOST]


def _cells(rows: pd.DataFrame) -> Iterator[tuple[_series.Series, float]]:
    kept = _lines.spread(rows["epsilon"], MOST)
    for one in _series.series(rows):
        for epsilon in np.sort(one.rows(rows)["epsilon"].unique()):
            if np.isnan(epsilon) or epsilon in kept:
                yield one, float(epsilon)


def _own(quality: pd.DataFrame) -> pd.Series:
    """Where the score is not one in a view of the data: 'mmd2_pca'."""
    names = set(quality["metric"])
    views = {name for name in names for other in names if name.startswith(f"{other}_")}
    return quality["is_primary"].eq(True) | ~quality["metric"].isin(views)


def _panel(ax: Axes, title: str, table: pd.DataFrame, scale: ScalarMappable, columns: int) -> None:
    ax.set(xlim=(0, columns), ylim=(len(table), 0))
    shades = scale.to_rgba(np.clip(table.to_numpy(float), 1 / LIMIT, LIMIT))
    ends = (0, table.shape[1], len(table), 0)
    ax.imshow(shades, extent=ends, aspect="auto", interpolation="nearest")
    lines = {"color": "white", "linewidth": 2.0}
    ax.hlines(np.arange(1, len(table)), 0, table.shape[1], **lines)
    ax.vlines(np.arange(1, table.shape[1]), 0, len(table), **lines)
    for (down, across), value in np.ndenumerate(table.to_numpy(float)):
        place = (across + 0.5, down + 0.5)
        if np.isnan(value):
            ax.text(*place, "–", ha="center", va="center")
            continue
        colour = shades[down, across]
        ink = "white" if colour[:3] @ [0.3, 0.59, 0.11] < 0.45 else _style.INK
        ax.text(*place, short(value), ha="center", va="center", color=ink)
    ax.set_yticks(np.arange(len(table)) + 0.5, list(table.index))
    ax.set_xticks(np.arange(table.shape[1]) + 0.4, [words(name) for name in table.columns],
                  rotation=50, ha="left", rotation_mode="anchor")  # fmt: skip
    ax.xaxis.tick_top()
    _style.ticks(ax, length=0)
    ax.spines[:].set_visible(False)
    ax.set_title(title.replace("\n", " · "), fontweight="bold", loc="left")


def short(ratio: float) -> str:
    """Two digits and at most four letters."""
    if np.isinf(ratio):
        return "∞"
    if ratio >= 999.5:
        return f"10{str(int(np.log10(ratio))).translate(POWERS)}"
    return f"{ratio:.0f}" if ratio >= 9.95 else f"{ratio:.1f}" if ratio >= 0.095 else f"{ratio:.2f}"
