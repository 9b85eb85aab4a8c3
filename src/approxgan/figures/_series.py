"""Which rows belong together: series of a mode, groups of comparable runs, and their names."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from approxgan.analysis import epsilon_choice
from approxgan.analysis.frames import GROUP, same_step
from approxgan.analysis.text import number, rules, settings, words
from approxgan.core.protocols import PLAYERS
from approxgan.figures import _style

SERIES = ["mode", "settings"]
CELL = [*SERIES, "epsilon"]
LEVELS = {
    "exact": "-",
    "": (0, (5, 1)),
    "dtype": (0, (1, 1)),
    "adaptive": (0, (6, 1.2, 1, 1.2)),
}
OTHER_LEVEL = (0, (6, 1.2, 1, 1.2, 1, 1.2))
KIND = ["rule", "settings", "own_settings", "matched_mode", "matched_settings", "varied"]
"""What tells the series of one mode apart."""
CONTROLS = ("noisy_exact", "masked_exact", "perturbed_start")
"""Modes that are no way to train: the others are compared with them."""


@dataclass(frozen=True)
class Series:
    """One mode with one set of settings, as it looks in every panel of a figure."""

    mode: str
    settings: str
    label: str
    colour: str
    marker: str
    rule: str = ""
    """The rule that chose ε, if one did."""

    @property
    def dash(self) -> Any:
        """Of its level: modes without ε, and those whose ε a rule chose."""
        return LEVELS.get("exact" if self.mode == "exact" else self.rule, OTHER_LEVEL)

    def key(self, epsilons: Iterable[float] = (), **look: Any) -> Line2D:
        """Its legend entry, with the ``epsilons`` of a series that is shown at some alone."""
        look = {"color": self.colour, "marker": self.marker, **look}
        return _style.key(self.named(epsilons), **look)

    @property
    def stroke(self) -> dict[str, Any]:
        """Of its line among others: modes that equal exact must not hide it."""
        width, order = (2.4, 2.5) if self.mode == "exact" else (1.4, 3.0)
        return {"color": self.colour, "linewidth": width, "zorder": order}

    def rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame[(frame["mode"] == self.mode) & (frame["settings"] == self.settings)]

    def at(self, frame: pd.DataFrame, epsilon: float) -> pd.DataFrame:
        """The rows of one ε; NaN for none."""
        rows = self.rows(frame)
        return rows[same_step(rows["epsilon"], epsilon)]

    def named(self, epsilons: Iterable[float]) -> str:
        """The label with the ε, or the range of ε, at which the series is shown."""
        steps = sorted(epsilon for epsilon in epsilons if not np.isnan(epsilon))
        texts = [number(step) for step in dict.fromkeys([*steps[:1], *steps[-1:]])]
        return f"{self.label}, ε = {' to '.join(texts)}" if texts else self.label


def series(frame: pd.DataFrame) -> list[Series]:
    """The series of a tidy table: exact first, controls last, and a mode's runs with rules last.

    Settings are named only where a mode has several. The rule that chose ε, the mode that a control
    is matched with, and what a cell changes of its study's training are always named.
    """
    found = []
    for mode in sorted(frame["mode"].unique(), key=_rank):
        # A table without one of these columns has no rule, or no control.
        kinds = frame[frame["mode"] == mode].drop_duplicates("settings")
        kinds = kinds.reindex(columns=KIND, fill_value="")
        kinds["rule"] = ["+".join(rules(rule)) for rule in kinds["rule"]]
        kinds["own"] = [set(settings(own)) for own in kinds["own_settings"]]
        common = set.intersection(*kinds["own"])
        ranked = kinds.sort_values(["rule", "settings"]).to_dict("records")
        for variant, kind in enumerate(ranked):
            like = " ".join(filter(None, [kind["matched_mode"], kind["matched_settings"]]))
            parts = [kind["rule"], *sorted(kind["own"] - common), like and f"like {words(like)}",
                     *settings(kind["varied"])]  # fmt: skip
            inside = ", ".join(filter(None, parts))
            label = f"{words(mode)} ({inside})" if inside else words(mode)
            look = (_style.colour(mode, variant), _style.marker(mode))
            found.append(Series(mode, kind["settings"], label, *look, kind["rule"]))
    return found


def _rank(mode: str) -> tuple[bool, bool, str]:
    return mode != "exact", mode in CONTROLS, mode


def ruled(frame: pd.DataFrame) -> pd.Series:
    """The rows of a tidy table in which a rule chose ε."""
    return ~frame["rule"].isin(("", "fixed"))


def chosen(rows: pd.DataFrame, errors: pd.DataFrame) -> Iterator[tuple[Series, float]]:
    """The series of one group and the ε at which each is shown; NaN for none."""
    for one in series(rows):
        yield one, epsilon_choice.shown(one.rows(rows), errors)


def at_chosen(frame: pd.DataFrame, errors: pd.DataFrame) -> pd.DataFrame:
    """The rows of each group's series at the ε at which it is shown."""
    groups = (rows for _, rows in frame.groupby(list(GROUP)))
    return pd.concat([one.at(rows, epsilon) for rows in groups
                      for one, epsilon in chosen(rows, errors)])  # fmt: skip


def split(frame: pd.DataFrame, keys: Sequence[str]) -> list[tuple[str, pd.DataFrame]]:
    """(title, rows) of every group, by dataset first; a title has the words that tell it apart."""
    keys = ["dataset", *(key for key in keys if key != "dataset")]
    groups = frame[keys].drop_duplicates()
    found = []
    for values, rows in frame.groupby(keys):
        named = dict(zip(keys, values, strict=True))
        telling = _telling(groups[groups["dataset"] == named["dataset"]])
        title = words(named["dataset"])
        for key, mark in zip(telling, (" · ", "\n", "\n"), strict=False):
            title += f"{mark}{words(named[key])} {key}"
        found.append((title, rows))
    return found


def players(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """(title, rows) of every probed group and player."""
    return [
        (f"{title}\n{player}", part)
        for title, rows in split(frame, epsilon_choice.PROBE_GROUP)
        for player in PLAYERS
        if len(part := rows[rows["player"] == player])
    ]


def precisions(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """(title, rows) of every probed group and precision."""
    return [
        (f"{title} · {dtype}", part)
        for title, rows in split(frame, epsilon_choice.PROBE_GROUP)
        for dtype, part in rows.groupby("dtype")
    ]


def _telling(groups: pd.DataFrame) -> Sequence[str]:
    """The fewest columns that tell all rows apart, in the order of preference."""
    known = [key for key in ("model", "loss", "study") if key in groups]
    subsets = (keys for size in range(len(known)) for keys in itertools.combinations(known, size))
    told = (keys for keys in subsets
            if len(set(map(tuple, groups[list(keys)].to_numpy()))) == len(groups))  # fmt: skip
    return next(told, known)


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of cells trained as their study says, for so many steps: they are comparable.

    All rows where no cell is: a study may give each of them a budget.
    """
    kept = frame[(frame["varied"] == "") & frame["budget"].isna()]
    return frame if kept.empty else kept


def main_groups(
    frame: pd.DataFrame, group: Sequence[str] = GROUP, each: str = "dataset"
) -> pd.DataFrame:
    """The rows of one group per dataset: the one with the most modes, then the most cells.

    Of studies that count steps, and of cells trained as their study says, where there are any.
    """
    if frame.empty:
        return frame
    frame = plain(frame) if "varied" in frame else frame
    cells = frame[[*group, *CELL]].drop_duplicates()
    series = cells.drop_duplicates([*group, *SERIES])
    sizes = series.value_counts(list(group)).to_frame("series")
    sizes["cells"] = cells.value_counts(list(group))
    # Of equals, the one whose loss is the most usual.
    sizes["usual"] = sizes.groupby("loss")["cells"].transform("size")
    largest, rest = ["series", "cells", "usual"], [key for key in group if key != each]
    falling = [True, *[False] * len(largest), *[True] * len(rest)]
    ranked = sizes.reset_index().sort_values([each, *largest, *rest], ascending=falling)
    return frame.merge(ranked.drop_duplicates(each)[list(group)], on=list(group))


def main_study(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of one group per dataset, all of the study with most modes."""
    rows = main_groups(frame)
    counts = rows[["study", *SERIES]].drop_duplicates().groupby("study").size()
    return rows[rows["study"] == counts.idxmax()] if len(counts) else rows


def compared(frame: pd.DataFrame, least: int = 2) -> pd.DataFrame:
    """The rows of groups with so many series; where there is no such group, with fewer."""
    series = frame["mode"] + "/" + frame["settings"]
    counts = series.groupby([frame[key] for key in GROUP]).transform("nunique")
    enough = min(least, counts.max()) if len(counts) else least
    return frame[counts >= enough]


def varied(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of groups with several ε; where there are none, of groups with any; or all."""
    for least in (2, 1):
        counts = frame.groupby(list(GROUP))["epsilon"].transform("nunique")
        if (counts >= least).any():
            return frame[counts >= least]
    return frame
