"""Pictures that the generators made."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP
from approxgan.figures import _series, _style, _tiles

ACROSS = 5
"""Images along each side of a tile."""
GAP = 1
"""Pixels between the images of a tile."""


class Images:
    """A tile of images for every mode and ε, beside true images."""

    needs = ("images", "outcomes")
    title = "Generated images at the end of training"
    caption = (
        "The first 25 images of the first seed at the last step, one tile for every mode "
        "and ε, beside true images. The figure shows one study per data set of images: the one "
        "with most modes. It shows at most 12 values of ε per data set, evenly spread. The latent "
        "draws are the same in every tile. Greys have the range of the true images; values beyond "
        "this range are black or white. Look for images that repeat each other (lost modes), for "
        "grey or speckled images (an untrained generator), and for missing classes."
    )

    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        images, runs = tables["images"], tables["outcomes"]
        true, made = images[images["mode"] == ""], images[images["mode"] != ""]
        runs = _series.main_groups(runs[runs["dataset"].isin(images["dataset"].unique())])
        if runs.empty:
            return _style.no_data("no data set of images was run")
        blocks = {_tiles.name(own): own for _, own in runs.groupby("dataset")}
        cells = {name: _tiles.cells(own) for name, own in blocks.items()}
        figure, tiles = _tiles.tiled(
            {name: ["true images", *(cell.title for cell in own)] for name, own in cells.items()}
        )
        for name, own in blocks.items():
            real = true[true["dataset"] == own["dataset"].iloc[0]]
            fake = made.merge(own[list(GROUP)].drop_duplicates(), on=list(GROUP))
            _block(tiles[name], cells[name], own, real, fake)
        return figure


def _block(
    axes: list[Axes],
    cells: list[_tiles.Cell],
    runs: pd.DataFrame,
    true: pd.DataFrame,
    made: pd.DataFrame,
) -> None:
    made = made[(made["seed"] == _tiles.first_seed(made)) & (made["step"] == made["step"].max())]
    # Without true images the generated ones give the range.
    values = (true if len(true) else made)["value"].to_numpy(float)
    values = values[np.isfinite(values)]
    low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    shown = [true, *(cell.rows(made) for cell in cells)]
    lost = [False, *(cell.rows(runs)["diverged"].astype(bool).any() for cell in cells)]
    for ax, rows, diverged in zip(axes, shown, lost, strict=True):
        if len(rows):
            ax.imshow(_tile(rows), cmap="gray", vmin=low, vmax=high, interpolation="nearest")
        else:
            ax.text(0.5, 0.5, "diverged" if diverged else "no images", ha="center", va="center",
                    transform=ax.transAxes)  # fmt: skip


def _tile(rows: pd.DataFrame) -> np.ndarray:
    """Up to 25 images in rows of 5; what is between them, and missing, is NaN: not painted."""
    shown = np.sort(rows["index"].unique())[: ACROSS**2]
    height, width = (int(rows[axis].max()) + 1 for axis in ("row", "column"))
    tile = np.full((ACROSS * (height + GAP) - GAP, ACROSS * (width + GAP) - GAP), np.nan)
    number = np.searchsorted(shown, rows["index"])
    kept = rows["index"].isin(shown).to_numpy()
    row, column, value = (rows.loc[kept, name].to_numpy() for name in ("row", "column", "value"))
    down, right = np.divmod(number[kept], ACROSS)
    y, x = down * (height + GAP) + row.astype(int), right * (width + GAP) + column.astype(int)
    tile[y, x] = value
    return tile
