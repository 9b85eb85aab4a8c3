"""Samples of another training, and their scores."""

from __future__ import annotations

import pandas as pd

from worlds.synthetic.frames import COLUMNS

VALUES = (0.25, 0.5, 0.75)


def invited(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables with a guest of three seeds beside ring."""
    metric = tables["quality"].loc[tables["quality"]["is_primary"], "metric"].iloc[0]
    samples = int(tables["quality"]["samples"].iloc[0])
    row = {"guest": "their_gan", "dataset": "ring", "loss": "hinge", "cost": 5000.0,
           "samples": samples, "metric": metric, "better": "lower", "is_primary": True}  # fmt: skip
    scores = pd.DataFrame([{**row, "seed": k, "value": v} for k, v in enumerate(VALUES)])
    points = pd.DataFrame({"index": [0, 1], "x": [0.0, 1.0], "y": [0.5, 1.5]})
    shown = points.assign(guest="their_gan", dataset="ring")
    made = {"guests": scores, "guest_samples": shown}
    return {**tables, **{name: frame[COLUMNS[name]] for name, frame in made.items()}}
