"""Which rows belong together: groups of comparable runs, series of a mode, chosen steps."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from approxgan.figures import _style

GROUP = ("study", "dataset", "model", "loss")
PROBE_GROUP = ("dataset", "model", "loss")
SERIES = ["mode", "settings"]
TEXTS = ("mode", "rule", "settings")


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


def series(frame: pd.DataFrame) -> list[Series]:
    """The series of a tidy table: exact first, a mode's runs with rules last.

    Settings are named only where a mode has several; what chose ε, and what a control is matched
    with, is always named.
    """
    found = []
    modes = sorted(frame["mode"].unique(), key=lambda mode: (mode != "exact", mode))
    for mode in modes:
        own = frame.loc[frame["mode"] == mode, ["rule", "settings"]].drop_duplicates()
        rules = {s: _ruling(rows) for s, rows in own.groupby("settings")["rule"]}
        kinds = sorted(rules, key=lambda settings: (rules[settings], settings))
        for variant, settings in enumerate(kinds):
            label = _style.words(mode) + _difference(settings, kinds, rules[settings])
            look = (_style.colour(mode, variant), _style.marker(mode))
            found.append(Series(mode, settings, label, *look, rules[settings]))
    return found


def _ruling(rules: pd.Series) -> str:
    names = {name for text in rules for name in text.split("+")}
    return "+".join(sorted(names - {"", "fixed"}))


def _parts(settings: str) -> list[str]:
    """The settings one by one; what a control is matched with is one of them."""
    if "+" in settings:
        sides = zip("GD", settings.split("+"), strict=False)
        return [f"{player} {part}" for player, side in sides for part in _parts(side)]
    plain, *matched = re.split(r"(?:^|_)like_", settings, maxsplit=1)
    return [part for part in plain.split("_") if part] + [
        f"like {_style.words(mode)}" for mode in matched
    ]


def _difference(settings: str, kinds: Sequence[str], rule: str) -> str:
    """What tells these settings from the mode's other ones, in brackets."""
    common = set.intersection(*(set(_parts(kind)) for kind in kinds)) if len(kinds) > 1 else None
    own = [part for part in _parts(settings) if _is_told(part, rule, common)]
    return f" ({', '.join(own)})" if own else ""


def _is_told(part: str, rule: str, common: set[str] | None) -> bool:
    word = part.removeprefix("G ").removeprefix("D ")
    always = word in rule.split("+") or word.startswith("like ")
    return always or (common is not None and part not in common)


def tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """Missing texts as empty ones, ε as numbers: what an empty table does not know."""
    texts = {name: frame[name].astype("str").fillna("") for name in TEXTS if name in frame}
    return frame.assign(
        **{"rule": "", **texts}, epsilon=pd.to_numeric(frame["epsilon"]).astype(float)
    )


def ruled(frame: pd.DataFrame) -> pd.Series:
    """The rows of a tidy table in which a rule chose ε."""
    return ~frame["rule"].isin(("", "fixed"))


def split(frame: pd.DataFrame, keys: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """(title, rows) of every group, by dataset first; a title has the words that tell it apart."""
    groups = frame[list(keys)].drop_duplicates()
    for values, rows in frame.groupby(["dataset", *(k for k in keys if k != "dataset")]):
        named = dict(zip(["dataset", *(k for k in keys if k != "dataset")], values, strict=True))
        rivals = groups[groups["dataset"] == named["dataset"]]
        telling = _telling(rivals.drop(columns="dataset"))
        parts = [f"{_style.words(str(named[key]))} {key}" for key in telling]
        lines = [" · ".join([_style.words(str(named["dataset"])), *parts[:1]]), *parts[1:]]
        yield "\n".join(lines), rows


def name(rows: pd.DataFrame) -> str:
    """A group in words, whatever other groups there are."""
    first = {key: _style.words(str(rows[key].iloc[0])) for key in GROUP}
    return f"{first['dataset']} ({first['model']} model, {first['loss']} loss)"


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
    sizes = frame.groupby(list(GROUP)).apply(
        lambda rows: pd.Series(
            {
                "modes": len(rows[SERIES].drop_duplicates()),
                "cells": len(rows[[*SERIES, "epsilon"]].drop_duplicates()),
            }
        )
    )
    ranked = sizes.reset_index().sort_values(
        ["dataset", "modes", "cells", "study", "model", "loss"],
        ascending=[True, False, False, True, True, True],
    )
    best = ranked.drop_duplicates("dataset")[list(GROUP)]
    return frame.merge(best, on=list(GROUP))


def varied(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of groups with several ε; where there are none, of groups with any; or all."""
    for least in (2, 1):
        counts = frame.groupby(list(GROUP))["epsilon"].transform("nunique")
        if (counts >= least).any():
            return frame[counts >= least]
    return frame


def final(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows at the last step of their group."""
    if frame.empty:
        return frame
    return frame[frame["step"] == frame.groupby(list(GROUP))["step"].transform("max")]


def same_step(epsilons: pd.Series, epsilon: float) -> np.ndarray:
    """Where a column holds this ε; missing equals missing."""
    values = epsilons.to_numpy(float)
    return np.isclose(values, epsilon, rtol=1e-6, atol=0.0, equal_nan=True)


def probe_of(errors: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Probe rows of a group's data set, model and loss; of its model where there are none."""
    near = errors[errors["model"] == runs["model"].iloc[0]]
    same = near.merge(runs[list(PROBE_GROUP)].drop_duplicates())
    return near if same.empty else same


def chosen_step(runs: pd.DataFrame, errors: pd.DataFrame) -> float:
    """The trained ε whose probed estimate has the highest median cosine in float32.

    Without a probe of any of them: the middle of the trained ones. NaN for no ε.
    """
    trained = np.sort(runs["epsilon"].dropna().unique())
    if not len(trained):
        return np.nan
    probed = errors[errors["dtype"] == "float32"]
    medians = [probed.loc[same_step(probed["epsilon"], e), "cosine"].median() for e in trained]
    if np.isnan(medians).all():
        return float(trained[len(trained) // 2])
    return float(trained[int(np.nanargmax(medians))])
