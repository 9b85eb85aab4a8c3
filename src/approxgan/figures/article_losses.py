"""The number that decides and losses against the step, exact gradient, a line per loss."""

import itertools
from functools import partial

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from approxgan.analysis.frames import Tables
from approxgan.analysis.text import words
from approxgan.figures import _style, _traces

PANEL_GROUP = ("study", "dataset", "model")
DASHES = ("-", (0, (5, 1.2)), (0, (1, 1)), (0, (6, 1.2, 1, 1.2)), (0, (3, 1, 1, 1, 1, 1)))


class ArticleLosses:
    needs = ("training", "quality", "quality_null")
    title = "What each loss does with the exact gradient"
    caption = (
        "The score that decides the claims at the snapshots and the losses of both players, exact "
        "gradient, one line per loss. Lines are medians over seeds, bands their middle half. No "
        "gradient is approximated here: failures come from the loss. The article's formula, read "
        "literally, swaps the roles: the generator minimises the discriminator's classification "
        "loss. The article's code gives the generator a loss that does not depend on it, so that "
        "it never moves, and gives the discriminator a loss without a lower bound. Axes that span "
        "several decades are logarithmic away from 0."
    )

    def draw(self, tables: Tables) -> Figure:
        training = tables["training"].query("mode == 'exact'")
        counts = training.groupby(list(PANEL_GROUP))["loss"].transform("nunique")
        training = training[counts > 1]
        if training.empty:
            return _style.no_data("no data set was trained with more than one loss")
        losses = sorted(training["loss"].unique())
        # None of the colours of the modes: a mode is not what differs here.
        colours = sns.color_palette("viridis", len(losses)).as_hex()
        lines, keys = [], []
        for loss, colour, dash in zip(losses, colours, itertools.cycle(DASHES), strict=False):
            look = {"color": colour, "linestyle": dash}
            lines.append((partial(_of, loss=loss), look))
            keys.append(_style.key(words(loss), **look))
        return _traces.drawn(training, tables, PANEL_GROUP, lines, keys)


def _of(rows: pd.DataFrame, loss: str) -> pd.DataFrame:
    return rows[rows["loss"] == loss]
