"""Which rows belong together: series of a mode, groups of comparable runs, and their names."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from approxgan.analysis import epsilon_choice
from approxgan.analysis.frames import GROUP, same_step
from approxgan.analysis.text import number, words
from approxgan.core.protocols import PLAYERS
from approxgan.figures import _style

SERIES = ["mode", "settings"]
CELL = [*SERIES, "epsilon"]
KIND = ["rule", "settings", "own_settings", "matched_mode", "matched_settings"]
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
    """The series of a tidy table: exact first, a mode's runs with rules last.

    Settings are named only where a mode has several. The rule that chose ε, and the mode that a
    control is matched with, are always named.
    """
    found = []
    modes = sorted(frame["mode"].unique(), key=lambda mode: (mode != "exact", mode))
    for mode in modes:
        kinds = frame[frame["mode"] == mode].drop_duplicates("settings")
        # A table without one of these columns has no rule, or no control.
        kinds = kinds.reindex(columns=KIND, fill_value="")
        kinds["rule"] = kinds["rule"].map(_rules)
        own = [_settings(text) for text in kinds["own_settings"]]
        common = set.intersection(*map(set, own)) if len(own) > 1 else set(own[0])
        told = [_told(kind, sorted(set(mine) - common))
                for kind, mine in zip(kinds.to_dict("records"), own, strict=True)]  # fmt: skip
        ranked = sorted(zip(kinds["rule"], kinds["settings"], told, strict=True))
        for variant, (rule, settings, difference) in enumerate(ranked):
            look = (_style.colour(mode, variant), _style.marker(mode))
            found.append(Series(mode, settings, words(mode) + difference, *look, rule))
    return found


def _rules(text: str) -> str:
    """The rules among what chose ε: 'adaptive' of 'adaptive+fixed'."""
    return "+".join(sorted(set(text.split("+")) - {"", "fixed"}))


def _settings(text: str) -> list[str]:
    """Settings in words, those of players with settings of their own marked: 'G directions 4'."""
    own = json.loads(text or "{}")
    sides = zip(("G ", "D "), own, strict=True) if isinstance(own, list) else [("", own)]
    return [f"{player}{words(key)} {words(value)}"
            for player, settings in sides for key, value in settings.items()]  # fmt: skip


def _told(kind: dict, own: list[str]) -> str:
    like = f"like {words(kind['matched_mode'])} {words(kind['matched_settings'])}".rstrip()
    parts = [kind["rule"], *own, like if kind["matched_mode"] else ""]
    inside = ", ".join(filter(None, parts))
    return f" ({inside})" if inside else ""


def ruled(frame: pd.DataFrame) -> pd.Series:
    """The rows of a tidy table in which a rule chose ε."""
    return ~frame["rule"].isin(("", "fixed"))


def chosen(
    shown: Sequence[Series], rows: pd.DataFrame, errors: pd.DataFrame
) -> dict[Series, float]:
    """The ε at which each series of a group is shown; NaN for none."""
    return {one: epsilon_choice.shown(own, errors) for one in shown if len(own := one.rows(rows))}


def split(frame: pd.DataFrame, keys: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """(title, rows) of every group, by dataset first; a title has the words that tell it apart."""
    groups = frame[list(keys)].drop_duplicates()
    for values, rows in frame.groupby(["dataset", *(k for k in keys if k != "dataset")]):
        named = dict(zip(["dataset", *(k for k in keys if k != "dataset")], values, strict=True))
        rivals = groups[groups["dataset"] == named["dataset"]]
        telling = _telling(rivals.drop(columns="dataset"))
        parts = [f"{words(named[key])} {key}" for key in telling]
        lines = [" · ".join([words(named["dataset"]), *parts[:1]]), *parts[1:]]
        yield "\n".join(lines), rows


def players(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """(title, rows) of every probed group and player."""
    return [
        (f"{title}\n{player}", part)
        for title, rows in split(frame, epsilon_choice.PROBE_GROUP)
        for player in PLAYERS
        if len(part := rows[rows["player"] == player])
    ]


def _telling(groups: pd.DataFrame) -> list[str]:
    """The fewest columns that tell all rows apart, in the order of preference."""
    preferred = [key for key in ("model", "loss", "study") if key in groups]
    for size in range(len(preferred) + 1):
        for keys in itertools.combinations(preferred, size):
            told = groups[list(keys)].drop_duplicates() if keys else groups.head(1)
            if len(told) == len(groups):
                return list(keys)
    return preferred


def main_groups(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of one group per dataset: the one with the most modes, then the most cells."""
    if frame.empty:
        return frame
    cells = frame[[*GROUP, *CELL]].drop_duplicates()
    modes = cells.drop_duplicates([*GROUP, *SERIES]).groupby(list(GROUP)).size()
    sizes = pd.DataFrame({"modes": modes, "cells": cells.groupby(list(GROUP)).size()})
    ranked = sizes.reset_index().sort_values(
        ["dataset", "modes", "cells", "study", "model", "loss"],
        ascending=[True, False, False, True, True, True],
    )
    return frame.merge(ranked.drop_duplicates("dataset")[list(GROUP)], on=list(GROUP))


def main_study(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of one group per dataset, all of the study with most modes."""
    rows = main_groups(frame)
    counts = rows[["study", *SERIES]].drop_duplicates()["study"].value_counts()
    names = sorted(counts.index, key=lambda name: (-counts[name], name))
    return rows[rows["study"].isin(names[:1])]


def compared(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of groups with several series; all rows where there is no such group."""
    series_of = frame["mode"] + "/" + frame["settings"]
    counts = series_of.groupby([frame[key] for key in GROUP]).transform("nunique")
    return frame[counts > 1] if (counts > 1).any() else frame


def varied(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of groups with several ε; where there are none, of groups with any; or all."""
    for least in (2, 1):
        counts = frame.groupby(list(GROUP))["epsilon"].transform("nunique")
        if (counts >= least).any():
            return frame[counts >= least]
    return frame
