"""The benchmarks as one figure: seconds of every contender, case by case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from approxgan.figures import stage as drawing
from benchmarks.measure import Row


def draw(rows: Sequence[Row], stem: Path) -> None:
    """Horizontal bars on a log axis, a panel for each group; written as svg and png."""
    frame = pd.DataFrame([vars(r) for r in rows])
    groups = list(dict.fromkeys(frame["group"]))
    heights = [max(2, frame.loc[frame["group"] == g, "contender"].size) for g in groups]
    size = (9, 1.2 * len(groups) + 0.22 * sum(heights))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(len(groups), height_ratios=heights, squeeze=False)
    for axis, group in zip(axes[:, 0], groups, strict=True):
        part = frame[frame["group"] == group]
        sns.barplot(
            part, y="case", x="seconds_median", hue="contender", ax=axis, palette="colorblind"
        )
        axis.set(xscale="log", xlabel="median seconds (log scale)", ylabel="", title=group)
        axis.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False)
    title = "Median seconds of every contender"
    drawing.save(figure, stem, 100, title, "Beside named peers, measured in one run.")
