"""What the article's losses do, read literally, beside those the field uses."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from approxgan.analysis.text import words
from approxgan.figures import _style, _traces

PANEL_GROUP = ("study", "dataset", "model")
DASHES = ("-", (0, (5, 1.2)), (0, (1, 1)), (0, (6, 1.2, 1, 1.2)), (0, (3, 1, 1, 1, 1, 1)))


class ArticleLosses:
    """The number that decides and losses against the step, exact gradient, a line per loss."""

    needs = ("training", "quality")
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

    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        training, quality = (table[table["mode"] == "exact"]
                             for table in (tables["training"], tables["quality"]))  # fmt: skip
        counts = training.groupby([*PANEL_GROUP])["loss"].transform("nunique")
        training = training[counts > 1]
        if training.empty:
            return _style.no_data("no data set was trained with more than one loss")
        looks = _looks(sorted(training["loss"].unique()))
        lines = [(partial(_of, loss=loss), look) for loss, look in looks.items()]
        laid = _traces.drawn(training, quality, PANEL_GROUP, lambda _: lines)
        handles = [_style.key(words(loss), **look) for loss, look in looks.items()]
        _style.legend(laid.figure, handles)
        return laid.figure


def _of(rows: pd.DataFrame, loss: str) -> pd.DataFrame:
    return rows[rows["loss"] == loss]


def _looks(losses: list[str]) -> dict[str, dict[str, Any]]:
    """A colour and a dash per loss: none of the colours of the modes is meant."""
    colours = sns.color_palette("viridis", len(losses)).as_hex()
    return {
        loss: {"color": colours[k], "linestyle": DASHES[k % len(DASHES)]}
        for k, loss in enumerate(losses)
    }
