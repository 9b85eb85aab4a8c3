"""What the article's losses do, read literally, beside those the field uses."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from approxgan.figures import _groups, _panels, _style, _traces

PANEL_GROUP = ("study", "dataset", "model")
DASHES = ("-", (0, (5, 1.2)), (0, (1, 1)), (0, (6, 1.2, 1, 1.2)), (0, (3, 1, 1, 1, 1, 1)))
BASELINE = "exact"


class ArticleLosses:
    """Energy distance and losses against the step, exact gradient, one line per loss."""

    needs = ("training", "quality")
    title = "What each loss does with the exact gradient"
    caption = (
        "Energy distance at the snapshots and both players' losses, exact gradient, one line per "
        "loss; medians over seeds, bands of their middle half. No gradient is approximated here: "
        "what goes wrong is the loss's doing. Read literally, the article's formula swaps the "
        "roles (the generator minimises the discriminator's classification loss), and its code "
        "gives the generator a loss that does not depend on it, so that it never moves, and the "
        "discriminator one without a lower bound. Axes that span several decades are logarithmic "
        "away from 0."
    )

    @_style.themed
    def draw(self, tables: Mapping[str, pd.DataFrame]) -> Figure:
        training, quality = tables["training"], _traces.energy(tables["quality"])
        training = training[training["mode"] == BASELINE]
        quality = quality[quality["mode"] == BASELINE]
        counts = training.groupby([*PANEL_GROUP])["loss"].transform("nunique")
        training = training[counts > 1]
        if training.empty:
            return _style.no_data("no data set was trained with more than one loss")
        losses = sorted(training["loss"].unique())
        looks = _looks(losses)
        groups = list(_groups.split(training, PANEL_GROUP))
        laid = _panels.panels(len(groups), [2.3] * 3)
        for g, (title, rows) in enumerate(groups):
            scores = quality.merge(rows[list(PANEL_GROUP)].drop_duplicates())
            for r, name in enumerate(_traces.PANELS):
                source = scores if name == "energy_distance" else rows
                for loss in losses:
                    _traces.trace(
                        laid.at(g, r), source[source["loss"] == loss], name, **looks[loss]
                    )
                _traces.fit(laid.at(g, r), name, source)
            laid.at(g).set_title(title)
        laid.finish(len(groups), "training step", list(_traces.PANELS.values()))
        handles = [_style.key(_style.words(loss), **looks[loss]) for loss in losses]
        _style.legend(laid.figure, handles)
        return laid.figure


def _looks(losses: list[str]) -> dict[str, dict]:
    """A colour and a dash per loss: none of the colours of the modes is meant."""
    colours = sns.color_palette("viridis", len(losses)).as_hex()
    return {
        loss: {"color": colours[k], "linestyle": DASHES[k % len(DASHES)]}
        for k, loss in enumerate(losses)
    }


variant = ArticleLosses
