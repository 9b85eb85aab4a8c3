"""Mode by ε: the paired difference to exact in the number that decides, and its interval."""

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import colors
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from approxgan.analysis.frames import GROUP, Tables
from approxgan.analysis.text import words
from approxgan.figures import _series, _style, _table

LIMIT = 3.0
"""Standard deviations at which the colours end."""
MARKS = {"worse": "▲", "better": "▼", "same": "≈"}
"""Of verdicts; one that is undecided has none."""


class Effects:
    needs = ("comparisons", "outcomes")
    title = "Difference to exact, mode by ε"
    caption = (
        "The score that decides the claims, at the last step: the mean difference to the exact "
        "runs of the same seeds, in standard deviations of exact over seeds, and its interval "
        "below. Each run's difference is capped (at 10 in the default config), and a diverged run "
        "counts as the cap. Red is worse than exact, blue is better; the colours end at ±3. Marks "
        "are verdicts. ▲ worse, ▼ better: the whole interval lies beyond the equivalence margin, "
        "and the effect beyond the noise floor. ≈ the same as exact: the difference is within the "
        "margin. No mark: undecided (the interval is too wide, the seeds are too few, or no "
        "control measured the noise floor). Bold: the interval excludes 0, which alone decides "
        "nothing, as there are many cells. The first column holds modes without ε and modes whose "
        "ε a rule chose; empty cells were not run. At most 7 values of ε are shown, evenly spread."
    )

    def draw(self, tables: Tables) -> Figure:
        rows = tables["comparisons"]
        rows = rows[rows["family"] == "primary"]
        known = rows.groupby(list(GROUP))["difference_sds"].transform("count") > 0
        if not known.any():
            return _style.no_data("the table comparisons holds no difference in the primary score")
        found = []
        for title, own in _series.split(rows[known], GROUP):
            # The runs have what names a series; the comparisons have not.
            runs = tables["outcomes"].merge(own[[*GROUP, "mode"]].drop_duplicates())
            cells = [(one.label, [_cell(row) for row in mine.to_dict("records")])
                     for one in _series.series(runs) if len(mine := one.rows(own))]  # fmt: skip
            found.append((title.replace("\n", " · "), cells))
        scale = ScalarMappable(colors.Normalize(-LIMIT, LIMIT), mpl.colormaps["RdBu_r"])
        label = f"difference in {words(rows['metric'].iloc[0])} (exact's sd over seeds)"
        figure = _table.tables(found, rows["epsilon"], scale, label, lines=2)
        look = {"color": _style.INK, "linestyle": "", "markersize": 8}
        keys = [_style.key(f"verdict: {verdict}", marker=f"${mark}$", **look)
                for verdict, mark in MARKS.items()]  # fmt: skip
        _style.legend(figure, keys)
        return figure


def _cell(row: dict[Any, Any]) -> _table.Cell:
    effect, low, high = (float(row[name]) for name in ("difference_sds", "low", "high"))
    if np.isnan(effect):
        return _table.Cell(row["epsilon"], effect, [("no pair", False)])
    text = f"{MARKS.get(row['verdict'], '')} {number(effect, '+')}".strip()
    interval = f"[{number(low)}, {number(high)}]"
    bold = low > 0 or high < 0
    return _table.Cell(row["epsilon"], effect, [(text, bold), (interval, False)])


def number(value: float, sign: str = "") -> str:
    """Two digits; from 10 on whole numbers, under 0.1 one digit."""
    places = 0 if abs(value) >= 9.95 else 1 if abs(value) >= 0.095 else 2
    return "0" if abs(value) < 0.005 else f"{value:{sign}.{places}f}".replace("-", "−")
