"""The first screen's picture: what each mode learned, and how good it is for its cost."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis import epsilon_choice
from approxgan.analysis.frames import CELL, GROUP, Tables, primary, same_step
from approxgan.analysis.text import initial, number
from approxgan.claims import plain
from approxgan.figures import _spent, _style
from approxgan.report import points
from approxgan.report.cells import quantiles

TILES = 4
"""The truth, exact, and the first judged modes."""
POINTS = 300
CURVES = 6
"""Exact, the judged modes, and the best of the others."""
WIDTH, HEIGHT = 420, 280
LEFT, RIGHT, TOP, BOTTOM = 44, 138, 8, 38
"""Of the curves, in the units of their viewBox; labels stand at the right."""
LINE = 13
LONG = 18
"""Letters beyond which a label takes two lines."""


def made(tables: Tables, modes: Sequence[str], rules: Mapping[str, Any]) -> dict[str, Any]:
    """Tiles and curves of one group of runs; nothing where no group has exact and samples."""
    exact = rules.get("baseline", "exact")
    runs = _group(tables["outcomes"], exact, modes)
    if runs.empty:
        return {}
    aside = runs["mode"].eq(rules.get("chaos_control", "")) | runs["matched_mode"].ne("")
    cells = [
        _chosen(own, tables["gradient_error"])
        for mode in dict.fromkeys([exact, *modes, *sorted(runs["mode"].unique())])
        if len(own := runs[~aside & (runs["mode"] == mode)])
    ]
    return {
        "study": runs["study"].iloc[0],
        "dataset": runs["dataset"].iloc[0],
        "tuned": bool(runs["budget"].notna().any()),
        "tiles": _tiles(tables, cells, [exact, *modes]),
        "curves": _curves(tables, cells, [exact, *modes]),
    }


def _group(outcomes: pd.DataFrame, exact: str, modes: Sequence[str]) -> pd.DataFrame:
    """The runs of the group with most judged modes, at their best where it has a budget."""
    found = [
        (len({*own["mode"]} & {*modes}), own["budget"].notna().any(), own["mode"].nunique(), own)
        for _, own in outcomes.groupby(list(GROUP))
        if exact in set(own["mode"])
    ]
    return max(found, key=lambda one: one[:3], default=(outcomes.iloc[:0],))[-1]


def _chosen(runs: pd.DataFrame, errors: pd.DataFrame) -> pd.DataFrame:
    """The runs of the mode's cell of highest cosine; without a probe, of the middle one."""
    cells = runs[["settings", "epsilon"]].drop_duplicates().sort_values(["epsilon", "settings"])
    middle = tuple(cells.iloc[len(cells) // 2])
    settings, epsilon = epsilon_choice.best(runs, errors) or middle
    return runs[(runs["settings"] == settings) & same_step(runs["epsilon"], epsilon)]


def _of(table: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    return table.merge(runs[[*GROUP, *CELL]].drop_duplicates())


def _tiles(
    tables: Tables, cells: Sequence[pd.DataFrame], modes: Sequence[str]
) -> list[dict[str, Any]]:
    frame = points.frames(tables["data"]).get(cells[0]["dataset"].iloc[0])
    if frame is None:
        return []
    told = f"{len(frame['x'])} points"
    tiles = [{"label": "The data", "colour": _style.GREY, "path": _dots(frame), "told": told}]
    for cell in cells:
        mode = str(cell["mode"].iloc[0])
        if mode in modes and len(tiles) < TILES:
            placed = points.samples(_of(tables["samples"], cell), frame, POINTS)
            told = f"{len(placed['x'])} points, {placed['outside']} more outside the frame"
            label, colour = initial(plain.way(mode)), _style.colour(mode)
            tiles.append({"label": label, "colour": colour, "path": _dots(placed), "told": told})
    return tiles


def _dots(placed: Mapping[str, Any]) -> str:
    """A path of points for round line ends, in a square of 100."""
    pairs = zip(placed["x"], placed["y"], strict=True)
    share = 100 / points.SIDE
    return "".join(f"M{share * x:.4g} {100 - share * y:.4g}h0" for x, y in pairs)


def _curves(tables: Tables, cells: Sequence[pd.DataFrame], first: Sequence[str]) -> dict[str, Any]:
    """Median quality against evaluations of the loss, both logarithmic where they can be."""
    quality = primary(tables["quality"])
    sign = -1 if quality["better"].eq("higher").any() else 1
    found = []
    for cell in cells:
        median = quantiles(_of(quality, cell), [0.5])[0.5].droplevel("metric")
        median = median[np.isfinite(median)]
        spent = _spent.counts(_of(tables["training"], cell), median.index.to_numpy(float))
        kept = np.isfinite(spent) & (spent > 0)
        if kept.any():
            found.append((str(cell["mode"].iloc[0]), spent[kept], median.to_numpy(float)[kept]))
    if not found:
        return {}
    found.sort(key=lambda one: (one[0] not in first, sign * one[2][-1]))
    found = found[:CURVES]
    across = _Axis(np.concatenate([x for _, x, _ in found]), LEFT, WIDTH - RIGHT)
    up = _Axis(np.concatenate([y for _, _, y in found]), HEIGHT - BOTTOM, TOP)
    lines = [
        {
            "label": _wrapped(plain.way(mode)),
            "colour": _style.colour(mode),
            "path": _path(across(x), up(y)),
            "x": round(float(across(x)[-1]), 1),
            "y": round(float(up(y)[-1]), 1),
            "told": f"{plain.way(mode)}: {number(y[-1])} after {number(float(f'{x[-1]:.2g}'))}",
        }
        for mode, x, y in found
    ]
    _spread(lines)
    frame = {"width": WIDTH, "height": HEIGHT, "right": WIDTH - RIGHT, "bottom": HEIGHT - BOTTOM}
    return {**frame, "lines": lines, "across": across.ticks(), "up": up.ticks()}


def _path(x: np.ndarray, y: np.ndarray) -> str:
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True))


def _wrapped(label: str) -> list[str]:
    """One line or two."""
    if len(label) <= LONG:
        return [label]
    blanks = [k for k, letter in enumerate(label) if letter == " "]
    middle = min(blanks, key=lambda k: abs(k - len(label) / 2), default=len(label))
    return [label[:middle], label[middle + 1 :]]


def _spread(lines: list[dict[str, Any]]) -> None:
    """Labels one below the other: each as near to its line's end as the others let it."""
    order = sorted(lines, key=lambda line: line["y"])
    room = sum(LINE * len(line["label"]) for line in lines)
    least = TOP + LINE
    for line in order:
        height = LINE * len(line["label"])
        most = HEIGHT - BOTTOM - room + LINE
        line["at"] = round(max(least, min(line["y"] - height / 2 + LINE, max(most, least))), 1)
        least, room = line["at"] + height, room - height


class _Axis:
    """Values -> places between two ends; logarithmic where all values are above 0."""

    def __init__(self, values: np.ndarray, start: float, end: float) -> None:
        self.log = bool((values > 0).all())
        scaled = np.log10(values) if self.log else values
        self.low, self.high = float(scaled.min()), float(scaled.max())
        pad = 0.04 * (self.high - self.low) or 1.0
        self.low, self.high = self.low - pad, self.high + pad
        self.start, self.end = start, end

    def __call__(self, values: Any) -> np.ndarray:
        scaled = np.log10(values) if self.log else np.asarray(values, float)
        share = (scaled - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * share

    def ticks(self) -> list[tuple[float, str]]:
        """At most six, with their labels."""
        kept = self._powers() if self.log else np.array([])
        kept = self._within(self._even()) if len(kept) < 2 else kept
        kept = kept[:: -(-len(kept) // 6) or 1]
        told = [number(float(f"{v:.6g}")) for v in kept]
        if len({*told}) < len(told):
            told = [f"{v:.6g}" for v in kept]
        return [(round(float(self(v)), 1), text) for v, text in zip(kept, told, strict=True)]

    def _powers(self) -> np.ndarray:
        powers = np.arange(np.floor(self.low), np.ceil(self.high) + 1)
        marks = (1,) if self.high - self.low > 1.5 else (1, 2, 5)
        return self._within(np.array([m * 10**p for p in powers for m in marks]))

    def _even(self) -> np.ndarray:
        low, high = (10**end if self.log else end for end in (self.low, self.high))
        step = 10 ** np.floor(np.log10(high - low))
        step /= 1 if (high - low) / step > 2 else 5
        return step * np.arange(np.ceil(low / step), high / step + 1)

    def _within(self, values: np.ndarray) -> np.ndarray:
        scaled = np.log10(values) if self.log else values
        return values[(scaled >= self.low) & (scaled <= self.high)]
