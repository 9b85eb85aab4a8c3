"""A tile of images for every mode and ε, beside true images."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP, Tables, final
from approxgan.analysis.text import words
from approxgan.figures import _series, _style, _tiles


class Images:
    needs = ("images", "outcomes")
    title = "Generated images at the end of training"
    caption = (
        "The first 25 images of the first seed at the last step, one tile for every mode and ε, "
        "beside true images. The figure shows one study per data set of images: the one with most "
        "modes. A mode has at most three values of ε, evenly spread. The latent draws are the "
        "same in every tile. Greys have the range of the true images; values beyond this range "
        "are black or white. Look for images that repeat each other (lost modes), for grey or "
        "speckled images (an untrained generator), and for missing classes."
    )

    def draw(self, tables: Tables) -> Figure:
        images, runs = tables["images"], tables["outcomes"]
        runs = _series.main_groups(runs[runs["dataset"].isin(images["dataset"].unique())])
        if runs.empty:
            return _style.no_data("no data set of images was run")

        def block(axes: Sequence[Axes], cells: Sequence[_tiles.Cell], runs: pd.DataFrame) -> None:
            true = images[(images["mode"] == "") & (images["dataset"] == runs["dataset"].iloc[0])]
            made = images.merge(runs[list(GROUP)].drop_duplicates())
            made = _tiles.first_seed(final(made))
            # Without true images the generated ones give the range.
            values = (true if len(true) else made)["value"].replace([np.inf, -np.inf], np.nan)
            look = {"cmap": "gray", "vmin": values.min(), "vmax": values.max()}
            shown = [true, *(cell.rows(made) for cell in cells)]
            lost = [False, *(cell.rows(runs)["diverged"].astype(bool).any() for cell in cells)]
            for ax, rows, diverged in zip(axes, shown, lost, strict=True):
                if len(rows):
                    ax.imshow(_tiles.mosaic(rows), interpolation="nearest", **look)
                else:
                    _style.note(ax, "diverged" if diverged else "no images")

        runs = _tiles.first_seed(runs)
        blocks = [(words(rows["dataset"].iloc[0]), _tiles.cells(rows), rows)
                  for _, rows in runs.groupby("dataset")]  # fmt: skip
        return _tiles.tiled(blocks, "true images", block)
