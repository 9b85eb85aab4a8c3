"""Pictures that the generators made."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.figures import _groups, _style
from approxgan.figures._blocks import Block, Place

SIDE = 5
"""Images along each side of a tile."""
PANEL = 1.45
"""Side of a tile, inches."""
TITLE = 0.26
"""Height of a tile's title, inches."""
GAP = 1
"""Pixels between the images of a tile."""


class Images:
    """A tile of images for every mode and ε beside true ones, one block per dataset."""

    needs = ("images", "outcomes")
    title = "Generated images at the end of training"
    caption = (
        "The first 25 images of the first seed at the last step, a tile for every mode and ε, "
        "beside true ones; one block per data set of images, from the study with most modes. The "
        "first column holds the true images and the modes without a number for ε; the other "
        "columns are ε, the rows modes; of more than 12 ε, 12 are shown, evenly spread. The latent "
        "draws are the same in every tile. Greys have the range of the true images in all tiles; "
        "what lies beyond it is cut off to black or white. Look for images that repeat each other "
        "(lost modes), for grey or speckled ones (an untrained generator), and for classes that "
        "are missing."
    )

    @_style.themed
    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        images = _groups.tidy(tables["images"])
        true = images[images["mode"] == ""]
        made = images.drop(index=true.index)
        runs = _groups.tidy(tables["outcomes"])
        runs = _groups.main_groups(runs[runs["dataset"].isin(images["dataset"].unique())])
        if runs.empty:
            return _style.no_data("no data set of images was run")
        blocks = [_Tiles(rows, true, made) for _, rows in runs.groupby("dataset")]
        across = max(tiles.block.across for tiles in blocks)
        heights = [tiles.block.height * (PANEL + TITLE) + 0.55 for tiles in blocks]
        figure = _style.new(max(PANEL * across + 0.6, 4.5), sum(heights))
        parts = figure.subfigures(len(blocks), 1, height_ratios=heights, squeeze=False)
        for part, tiles in zip(parts[:, 0], blocks, strict=True):
            tiles.block.draw(part, across, "true images", tiles.paint)
        return figure


class _Tiles:
    """One dataset's tiles."""

    def __init__(self, runs: pd.DataFrame, true: pd.DataFrame, made: pd.DataFrame) -> None:
        self.block = Block(runs)
        self.runs = runs
        self.true = true[true["dataset"] == runs["dataset"].iloc[0]]
        keys = list(_groups.GROUP)
        mine = made.merge(runs[keys].drop_duplicates(), on=keys)
        mine = mine[mine["seed"] == mine["seed"].min()]
        self.made = mine[mine["step"] == mine["step"].max()]
        # Without true images the generated ones give the range.
        values = (self.true if len(self.true) else self.made)["value"].to_numpy(float)
        values = values[np.isfinite(values)]
        self.range = (values.min(), values.max()) if len(values) else (0.0, 1.0)

    def paint(self, ax: Axes, place: Place | None) -> None:
        rows = self.true if place is None else place.rows(self.made)
        if len(rows):
            low, high = self.range
            ax.imshow(_tile(rows), cmap="gray", vmin=low, vmax=high, interpolation="nearest")
        note = "" if place is None else self._note(place, rows)
        if note or rows.empty:
            place_at = {"ha": "center", "va": "center", "transform": ax.transAxes}
            ax.text(0.5, 0.5, note or "none", fontsize=8, **place_at)

    def _note(self, place: Place, rows: pd.DataFrame) -> str:
        if len(rows):
            return ""
        lost = place.rows(self.runs)["diverged"].astype(bool).any()
        return "diverged" if lost else "no images"


def _tile(rows: pd.DataFrame) -> np.ndarray:
    """Up to SIDE² images in rows; what is between them, and missing, is NaN and so not painted."""
    shown = np.sort(rows["index"].unique())[: SIDE**2]
    height, width = (int(rows[axis].max()) + 1 for axis in ("row", "column"))
    tile = np.full((SIDE * (height + GAP) - GAP, SIDE * (width + GAP) - GAP), np.nan)
    number = np.searchsorted(shown, rows["index"])
    kept = rows["index"].isin(shown).to_numpy()
    row, column, value = (rows.loc[kept, name].to_numpy() for name in ("row", "column", "value"))
    down, right = np.divmod(number[kept], SIDE)
    y, x = down * (height + GAP) + row.astype(int), right * (width + GAP) + column.astype(int)
    tile[y, x] = value
    return tile


variant = Images
