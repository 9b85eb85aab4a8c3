"""The verdicts of the table claims again, from the raw tables, by scipy and statsmodels alone.

Nothing of approxgan is imported: what the columns of the tables are documented to mean is computed
a second time, and compared. ``python tests/claims/recompute.py results/tables [config.yaml]``
prints the rows that differ, and ends with 1 if there are any.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import yaml
from scipy import optimize, stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

GROUP = ["study", "dataset", "model", "loss"]
CELL = [*GROUP, "mode", "epsilon", "rule", "settings"]
TEXTS = ("rule", "settings", "own_settings", "varied", "tuned", "dtype", "matched_mode",
         "matched_settings")  # fmt: skip
Frame = pd.DataFrame


class Lack(Exception):
    """Too few data for a verdict."""


class Effect(NamedTuple):
    estimate: float
    low: float
    high: float
    below: Callable[[float], float]
    """p of 'not below this'."""
    can_spare: bool = True
    is_counted: bool = False


class Pair(NamedTuple):
    """Numbers of two cells and of exact's."""

    mine: int
    other: int
    exact: int


class Experiment(NamedTuple):
    scope: str
    is_budgeted: bool
    exact: int | None
    cells: list[int]


class World:
    """The raw tables, with a number for every cell."""

    def __init__(self, tables: dict[str, Frame], rules: dict[str, Any]) -> None:
        self.rules = rules
        frames = {name: tidy(tables[name]) for name in ("outcomes", "quality", "cost")}
        runs = frames["outcomes"]
        runs = runs[runs["loss"].isin(rules["losses"])]
        names = runs[CELL].drop_duplicates().reset_index(drop=True)
        names["cell"] = names.index
        self.runs = {k: rows.set_index("seed") for k, rows in runs.merge(names).groupby("cell")}
        self.named = {k: rows.iloc[0].to_dict() for k, rows in self.runs.items()}
        self.cost = dict(iter(frames["cost"].merge(names).groupby("cell")))
        scores = frames["quality"]
        scores = scores[scores["metric"] == rules["metric"]].merge(names)
        self.sign = -1.0 if (scores["better"] == "higher").any() else 1.0
        self.curves = {
            k: self.sign * rows.pivot(index="seed", columns="step", values="value")
            for k, rows in scores.groupby("cell")
        }
        self.errors = tidy(tables["gradient_error"])
        least = runs.groupby(GROUP)["budget"].transform("min")
        at = (runs["steps"] * least / runs["budget"]).groupby([runs[k] for k in CELL], dropna=False)
        ends = at.max().rename("end").reset_index().merge(names)
        self.end = dict(zip(ends["cell"], ends["end"], strict=True))
        self.quality, self.chosen = cache(self.quality_), cache(self.chosen_)
        self.blind = Blind(tables, rules)
        self.experiments = self.joined()

    def about(self, cell: int, name: str) -> Any:
        return self.named[cell][name]

    def changed(self, cell: int) -> set[str]:
        return set(json.loads(self.about(cell, "varied") or "{}")) - {"forward_equivalents"}

    def is_tuned(self, cell: int) -> bool:
        return "epsilon" in json.loads(self.about(cell, "tuned") or "{}")

    def quality_(self, cell: int) -> pd.Series:
        """By seed, where the cell is judged; NaN where the run had diverged."""
        curves = self.curves.get(cell)
        if curves is None:
            return pd.Series(np.nan, self.runs[cell].index)
        steps, end = curves.columns.to_numpy(float), self.end[cell]
        if np.isnan(end) or end >= steps[-1]:
            return curves.iloc[:, -1].reindex(self.runs[cell].index)
        made = [np.interp(end, steps, row) for row in curves.to_numpy(float)]
        return pd.Series(made, curves.index).reindex(self.runs[cell].index)

    def joined(self) -> list[Experiment]:
        """Studies of one scope with the same runs of exact are one experiment."""
        by_group: dict[Any, list[int]] = {}
        for cell in self.runs:
            key = tuple(self.about(cell, name) for name in GROUP)
            by_group.setdefault(key, []).append(cell)
        found: list[Experiment] = []
        for key, cells in by_group.items():
            mine = Experiment(
                "article" if key[0] in self.rules["own_experiment"] else "other",
                bool(np.isfinite(self.about(cells[0], "budget"))), self.baseline(cells), cells,
            )  # fmt: skip
            for other in [one for one in found if self.same(one, mine)]:
                found.remove(other)
                kept: dict[Any, int] = {}
                for cell in sorted(other.cells + mine.cells, key=lambda c: len(self.runs[c])):
                    kept[str([self.about(cell, k) for k in [*CELL[4:], "tuned"]])] = cell
                mine = mine._replace(cells=list(kept.values()))
                mine = mine._replace(exact=self.baseline(mine.cells))
            found.append(mine)
        return found

    def baseline(self, cells: list[int]) -> int | None:
        mode = self.rules["baseline"]
        own = [c for c in cells if self.about(c, "mode") == mode and not self.about(c, "varied")]
        return max(own, key=lambda c: len(self.runs[c])) if own else None

    def same(self, one: Experiment, two: Experiment) -> bool:
        if one.exact is None or two.exact is None or one.scope != two.scope:
            return False
        if one.is_budgeted or two.is_budgeted:
            return False
        if any(self.about(one.exact, k) != self.about(two.exact, k) for k in GROUP[1:]):
            return False
        both = pd.concat([self.quality(one.exact), self.quality(two.exact)], axis=1, join="inner")
        first, second = both.iloc[:, 0], both.iloc[:, 1]
        return bool(first.notna().any()) and first.equals(second.rename(first.name))

    def seeds(self, *cells: int) -> list[int]:
        return sorted(set.intersection(*(set(self.runs[cell].index) for cell in cells)))

    def enough(self, count: int) -> None:
        if count < self.rules["least_seeds"]:
            raise Lack

    def able(self, cells: Sequence[int], exact: int) -> list[int]:
        found = [c for c in cells if len(self.seeds(c, exact)) >= self.rules["least_seeds"]]
        if not found:
            raise Lack
        return found

    def chosen_(self, cells: tuple[int, ...], exact: int) -> int:
        """The cell of highest median cosine."""
        cells = self.able(cells, exact)
        if len(cells) == 1:
            return cells[0]
        cells = sorted(cells, key=lambda c: [self.about(c, k) for k in ("settings", "epsilon")])
        medians = {cell: self.cosine(cell) for cell in cells}
        known = {cell: value for cell, value in medians.items() if not np.isnan(value)}
        if not known:
            raise Lack
        return max(known, key=lambda cell: known[cell])

    def cosine(self, cell: int) -> float:
        """Median in the probe: in the cell's precision, on its data and with its loss."""
        near = self.errors[self.errors["model"] == self.about(cell, "model")]
        near = near[near["mode"] == self.about(cell, "mode")]
        own = near[near["dtype"] == self.about(cell, "dtype")]
        near = here = own if len(own) else near[near["chooses_epsilon"].eq(True)]
        for name in ("dataset", "loss"):
            here = here[here[name] == self.about(cell, name)]
        rows = here if len(here) else near
        rows = rows[rows["own_settings"] == self.about(cell, "own_settings")]
        epsilon = self.about(cell, "epsilon")
        close = np.isclose(rows["epsilon"].to_numpy(float), epsilon, 1e-6, 0, equal_nan=True)
        return float(rows.loc[close, "cosine"].median())

    def plain(self, exp: Experiment, mode: str) -> list[int]:
        free = {"dtype"} if exp.is_budgeted else set()
        return [
            c for c in exp.cells
            if self.about(c, "mode") == mode and self.changed(c) <= free
            and self.about(c, "rule") in ("", "fixed") and (exp.is_budgeted or not self.is_tuned(c))
        ]  # fmt: skip

    def trains(self, cell: int, exact: int) -> bool:
        return self.learned(cell, exact).mean() > 0.5

    def learned(self, cell: int, exact: int) -> pd.Series:
        curves, own = self.curves.get(cell), self.quality(cell)
        start = curves[0].median() if curves is not None and 0 in curves else np.nan
        half = (start + self.quality(exact).median()) / 2
        return own.notna() & ~(own >= half)


KNOWING = {
    "exact": "gradient", "expected": "expected", "score_function": "log_prob",
    "relaxed": "relaxed", "straight_through": "relaxed", "maximum_likelihood": "likelihood",
}  # fmt: skip
"""Modes that know more of a generator than its samples."""


class Blind:
    """Distances to the truth of generators without a gradient, after equal simulated samples."""

    def __init__(self, tables: dict[str, Frame], rules: dict[str, Any]) -> None:
        self.rules, self.own = rules, rules["no_gradient"]
        self.groups: list[list[dict[str, Any]]] = []
        runs, quality = tidy(tables["outcomes"]), tidy(tables["quality"])
        for key, rows in runs[runs["study"].isin(self.own["distances"])].groupby(GROUP):
            metric = self.own["distances"][key[0]]
            null = tables.get("quality_null", Frame({"metric": [], "dataset": [], "value": []}))
            perfect = null[(null["metric"] == metric) & (null["dataset"] == key[1])]["value"]
            least = max(perfect.mean() if len(perfect) else 0.0, 1e-12)
            self.groups.append([])
            for _, cell in rows.groupby(CELL, dropna=False):
                scores = quality[quality["metric"] == metric].merge(cell[[*CELL, "seed"]])
                curves = scores.pivot(index="seed", columns="step", values="value")
                curves = curves.apply(lambda run: run.fillna(run.iloc[0]), axis=1).clip(least)
                whole = cell[~cell["diverged"].astype(bool)]
                price = float((whole["calls"] / whole["steps"]).median())
                own = json.loads(cell["own_settings"].iloc[0] or "{}")
                own = own[0] if isinstance(own, list) else own
                tuned = cell["tuned"].iloc[0] != ""
                mode = cell["generator_mode"].iloc[0]
                self.groups[-1].append({"tuned": tuned, "mode": mode, "own": own,
                                        "curves": curves, "price": price})  # fmt: skip
        smooth = [any(KNOWING.get(w["mode"]) == "gradient" for w in g) for g in self.groups]
        self.groups = [g for g, one in zip(self.groups, smooth, strict=True) if not one]

    def ratio(self, row: dict[str, Any]) -> Effect:
        logs = []
        for group in self.groups:
            calls = min(one["price"] * one["curves"].columns.max() for one in group)
            printed = [
                one for one in group if one["mode"] == row["mode"]
                and one["own"].get("noise", "common") == "common"
                and one["own"].get("at", "parameters") == "parameters"
            ]  # fmt: skip
            printed.sort(
                key=lambda one: (not one["tuned"], one["price"] * one["curves"].columns.max())
            )
            others = [one for one in group
                      if one["mode"] != row["mode"] and one["mode"] not in KNOWING]  # fmt: skip
            if row["against"] == "reference":
                others = [one for name in self.own["references"] for one in group
                          if one["mode"] == name][:1]  # fmt: skip
            if not (printed and others):
                continue
            at = [self.at(one, calls) for one in (printed[0], *others)]
            other = min(at[1:], key=lambda values: values.median())
            both = pd.concat([at[0], other], axis=1, join="inner").to_numpy(float)
            if len(both) >= self.rules["least_seeds"]:
                logs.append(np.log(both[:, :1] / both[:, 1:]))
        if not logs:
            raise Lack
        return exponential(jackknifed(logs, lambda rows: float(rows.mean()), self.rules["alpha"]))

    def at(self, one: dict[str, Any], calls: float) -> pd.Series:
        curves = one["curves"]
        steps = curves.columns.to_numpy(float)
        return curves.apply(lambda run: np.interp(calls / one["price"], steps, run), axis=1)


def tidy(frame: Frame) -> Frame:
    texts = {k: frame[k].astype(object).fillna("").astype(str) for k in TEXTS if k in frame}
    return frame.assign(**texts)


def student(estimate: float, error: float, freedom: float, alpha: float) -> Effect:
    if error == 0:
        point = {True: 0.5, False: 0.0}
        return Effect(estimate, estimate, estimate,
                      lambda b: 1.0 if estimate > b else point[estimate == b])  # fmt: skip
    half = error * stats.t.isf(alpha / 2, freedom)
    return Effect(estimate, estimate - half, estimate + half,
                  lambda b: float(stats.t.cdf((estimate - b) / error, freedom)))  # fmt: skip


def jackknifed(groups: list[np.ndarray], f: Callable[[np.ndarray], float], alpha: float,
               counts: list[int] | None = None) -> Effect:  # fmt: skip
    values, variances = [], []
    for rows in groups:
        n = len(rows)
        if n < 2:
            values.append(f(rows))
            variances.append(np.nan)
            continue
        without = np.array([f(np.delete(rows, k, axis=0)) for k in range(n)])
        flat = np.ptp(without) <= 1e-9 * np.abs(without).max()
        variances.append(0.0 if flat else (n - 1) * without.var())
        values.append(f(rows))
    parts = np.array(variances)
    degrees = np.array(counts or [len(rows) for rows in groups]) - 1
    freedom = parts.sum() ** 2 / (parts**2 / degrees).sum() if parts.sum() else np.nan
    return student(
        float(np.mean(values)), float(np.sqrt(parts.sum()) / len(groups)), freedom, alpha
    )


def exponential(effect: Effect) -> Effect:
    ends = [float(np.exp(end)) for end in effect[:3]]
    return Effect(*ends, lambda b: effect.below(np.log(b)), effect.can_spare)


def sided(below: float, above: float) -> float:
    """p of 'not below' and of 'not above' as one number on the smaller one's side of a half."""
    p = min(below, above, 0.5)
    return p if below <= above else 1 - p


def holm(p: np.ndarray) -> np.ndarray:
    """By its definition; statsmodels' own collects garbage at every call."""
    order = np.argsort(p)
    made = np.empty(len(p))
    for k, place in enumerate(order):
        before = made[order[k - 1]] if k else 0.0
        made[place] = max(before, min(1.0, (len(p) - k) * p[place]))
    return made


def capped_mean(rows: np.ndarray, cap: float) -> float:
    """Rows of value, reference, exact's and whether it is a pair; in exact's sds."""
    value, reference, exact, pair = rows.T
    exact = exact[~np.isnan(exact)]
    made = []
    for v, r in zip(value[pair == 1], reference[pair == 1], strict=True):
        if np.isnan(v) or np.isnan(r):
            made.append(cap * (int(np.isnan(v)) - int(np.isnan(r))))
        else:
            made.append(min(cap, max(-cap, (v - r) / exact.std(ddof=1))))
    return float(np.mean(made))


class Measures:
    """Every measure, by its name in the table."""

    def __init__(self, world: World) -> None:
        self.w, self.rules = world, world.rules

    def quality(self, pairs: list[Pair], alpha: float) -> Effect:
        groups, counts = [], []
        for p in pairs:
            columns = [self.w.quality(cell) for cell in p]
            known = columns[2].dropna()
            if len(known) < 2 or np.ptp(known) <= 1e-9 * known.abs().max():
                raise Lack
            seeds = self.w.seeds(*p)
            rows = pd.concat(columns, axis=1, keys=range(3)).reindex(columns[2].index)
            rows[3] = rows.index.isin(seeds).astype(float)
            groups.append(rows.to_numpy(float))
            counts.append(len(seeds))
        cap = float(self.rules["cap_sds"])
        return jackknifed(groups, lambda rows: capped_mean(rows, cap), alpha, counts)

    def rates(self, pairs: list[Pair], alpha: float, kinds: tuple[str, ...]) -> Effect:
        counts = np.zeros((2, 2))
        for p in pairs:
            for side, cell in enumerate(p[:2]):
                runs = self.w.runs[cell]
                late = {k: runs[f"{k}_step"].astype(float) > self.w.end[cell] for k in kinds}
                failed = [runs[k].astype(bool) & ~late[k] for k in kinds]
                counts[side] += [pd.concat(failed, axis=1).any(axis=1).sum(), len(runs)]
        (a, n), (b, m) = counts
        estimate = a / n - b / m

        def ends(level: float) -> tuple[float, float]:
            # Newcombe (1998), method 10.
            (l1, u1), (l2, u2) = (
                proportion_confint(k, size, level, method="wilson") for k, size in counts
            )
            return (estimate - np.hypot(a / n - l1, u2 - b / m),
                    estimate + np.hypot(u1 - a / n, b / m - l2))  # fmt: skip

        def below(bound: float) -> float:
            side = int(bound >= estimate)
            off = [(ends(level)[side] - bound) * (1, -1)[1 - side] for level in (1e-12, 1 - 1e-12)]
            if off[0] <= 0:
                tail = 5e-13
            elif off[1] >= 0:
                tail = 0.5
            else:
                tail = optimize.brentq(lambda v: ends(v)[side] - bound, 1e-12, 1 - 1e-12) / 2
            return tail if side else 1 - tail

        return Effect(estimate, *ends(alpha), below, can_spare=b > 0)

    def spread(self, pairs: list[Pair], alpha: float) -> Effect:
        groups = []
        for p in self.training(pairs):
            both = pd.concat([self.w.quality(c) for c in p[:2]], axis=1, join="inner").dropna()
            self.w.enough(len(both))
            groups.append(both.to_numpy(float))
        return exponential(jackknifed(groups, lambda rows: float(
            np.log(rows[:, 0].std(ddof=1) / rows[:, 1].std(ddof=1))), alpha))  # fmt: skip

    def variance(self, pairs: list[Pair], alpha: float, player: str) -> Effect:
        groups = []
        for p in self.training(pairs):
            name = f"{player}_loss_variance"
            columns = []
            for cell in p[:2]:
                values = self.w.runs[cell][name].astype(float)
                columns.append(values[self.w.learned(cell, p.exact)].where(lambda v: v > 0))
            both = pd.concat(columns, axis=1, join="inner").dropna().to_numpy(float)
            self.w.enough(len(both))
            groups.append(np.log(both[:, :1] / both[:, 1:]))
        return exponential(jackknifed(groups, lambda rows: float(rows.mean()), alpha))

    def training(self, pairs: list[Pair]) -> list[Pair]:
        found = [p for p in pairs if self.w.trains(p.mine, p.exact)]
        if not found:
            raise Lack
        return found

    def price(self, cell: int, unit: str) -> float:
        if unit == "steps":
            return 1.0
        runs = self.w.runs[cell]
        if unit == "seconds":
            if not len(self.jobs(cell)):
                raise Lack
            return float(self.jobs(cell).mean())
        whole = runs[~runs["diverged"].astype(bool)]
        if whole.empty:
            raise Lack
        return float(((whole["forwards"] + 2 * whole["backwards"]) / whole["steps"]).median())

    def jobs(self, cell: int) -> pd.Series:
        cost = self.w.cost.get(cell)
        if cost is None:
            return pd.Series(dtype=float)
        cost = cost[cost["trained_steps"] > 0].set_index(["first_seed", "last_seed"])
        return cost["cpu_seconds"] / cost["trained_steps"]

    def to_target(self, pairs: list[Pair], alpha: float, unit: str) -> Effect:
        groups = []
        for p in pairs:
            final = self.w.quality(p.exact).dropna()
            if len(final) < 2:
                raise Lack
            target = final.median() + self.rules["equivalence_sds"] * final.std(ddof=1)
            logs = []
            for cell in p[:2]:
                curves = self.w.curves[cell]
                never = self.rules["never_runs"] * curves.columns[-1]
                reached = curves.apply(first_reach, axis=1, target=target).fillna(never)
                logs.append(np.log(reached * self.price(cell, unit)))
            both = pd.concat(logs, axis=1, join="inner").to_numpy(float)
            self.w.enough(len(both))
            groups.append(both[:, :1] - both[:, 1:])
        return exponential(jackknifed(groups, lambda rows: float(rows.mean()), alpha))

    def per_step(self, pairs: list[Pair], alpha: float, unit: str) -> Effect:
        if unit == "forward_equivalents":
            logs = [np.log(self.price(p.mine, unit) / self.price(p.other, unit)) for p in pairs]
            point = student(float(np.exp(np.mean(logs))), 0.0, 1.0, alpha)
            return point._replace(is_counted=True)
        both = [pd.concat([self.jobs(c) for c in p[:2]], axis=1, join="inner") for p in pairs]
        rows = np.log(np.concatenate([part.to_numpy(float) for part in both]))
        if len(rows) == 0:
            raise Lack
        made = jackknifed([rows[:, :1] - rows[:, 1:]], lambda rows: float(rows.mean()), alpha)
        return exponential(made)


def first_reach(row: pd.Series, target: float) -> float:
    before = None
    for step, value in row.items():
        if value <= target:
            if before is None or not np.isfinite(before[1]):
                return max(float(step), 1.0)
            share = (before[1] - target) / (before[1] - value)
            return max(float(before[0] + share * (step - before[0])), 1.0)
        before = (step, value)
    return np.nan


class Judge:
    """The pairs that a row of the table rests on, its effect and its test."""

    def __init__(self, world: World) -> None:
        self.w, self.m, self.rules = world, Measures(world), world.rules

    def effects(self, row: dict[str, Any]) -> tuple[Effect, Effect | None]:
        """Of a row; for one over a control also that over exact. Raises ``Lack``."""
        alpha = self.rules["alpha"]
        if row["is_control"]:
            pairs = self.pairs(row)
            over_exact = [p._replace(other=p.exact) for p in pairs]
            return tuple(self.measure(row["measure"], part, alpha) for part in (pairs, over_exact))
        if row["reading"] == "equal_calls":
            return self.w.blind.ratio(row), None
        if row["reading"] in ("epsilon", "learning_rate"):
            return self.over_steps(row, alpha), None
        return self.measure(row["measure"], self.pairs(row), alpha), None

    def measure(self, name: str, pairs: list[Pair], alpha: float) -> Effect:
        if name.endswith("_to_target"):
            return self.m.to_target(pairs, alpha, name.removesuffix("_to_target"))
        if name.endswith("_per_step"):
            return self.m.per_step(pairs, alpha, name.removesuffix("_per_step"))
        if name.startswith("variance_of_"):
            return self.m.variance(pairs, alpha, name.split("_")[2])
        if name == "diverged_runs":
            return self.m.rates(pairs, alpha, ("diverged",))
        if name == "spread_of_final_quality":
            return self.m.spread(pairs, alpha)
        return self.m.quality(pairs, alpha)

    def experiments(self, row: dict[str, Any]) -> Iterator[tuple[Experiment, int]]:
        for exp in self.w.experiments:
            budgeted = row["reading"] == "equal_cost"
            if exp.scope == row["scope"] and exp.is_budgeted == budgeted and exp.exact is not None:
                yield exp, exp.exact

    def pairs(self, row: dict[str, Any]) -> list[Pair]:
        found = []
        for exp, exact in self.experiments(row):
            cells = self.w.plain(exp, row["mode"])
            twins = {}
            if row["is_control"]:
                twins = {c: t for c in cells for t in self.controls(exp, c, row["against"])}
                cells = list(twins)
            try:
                if cells:
                    mine = self.w.chosen(tuple(cells), exact)
                    other = twins.get(mine, exact)
                    self.w.able([other], exact)
                    found.append(Pair(mine, other, exact))
            except Lack:
                pass
        if not found:
            raise Lack
        return found

    def controls(self, exp: Experiment, cell: int, name: str) -> Iterator[int]:
        about = self.w.about
        for twin in exp.cells:
            own = json.loads(about(twin, "own_settings") or "{}")
            told = ", ".join(v if isinstance(v, str) else f"{k} {v}" for k, v in own.items())
            if (
                about(twin, "mode") + (f" ({told})" if told else "") == name
                and about(twin, "matched_mode") == about(cell, "mode")
                and about(twin, "matched_settings") == about(cell, "settings")
                and np.isclose(about(twin, "epsilon"), about(cell, "epsilon"), 1e-6, 0)
            ):
                yield twin

    def axes(self, row: dict[str, Any]) -> Iterator[tuple[dict[float, int], int, int]]:
        """(number -> cell, the own cell, exact) of every experiment."""
        about = self.w.about
        for exp, exact in self.experiments(row):
            mine = [c for c in exp.cells if about(c, "mode") == row["mode"]]
            try:
                if row["reading"] == "epsilon":
                    mine = [
                        c for c in mine
                        if about(c, "rule") == "fixed" and not self.w.is_tuned(c)
                        and self.w.changed(c) <= {"dtype"} and about(c, "dtype") == row["dtype"]
                    ]  # fmt: skip
                    own = self.w.chosen(tuple(mine), exact)
                    mine = [c for c in mine if self.alike(c, own, ["own_settings"])]
                else:
                    moved = [c for c in mine if self.w.changed(c) == {"learning_rate"}]
                    keys = ["own_settings", "epsilon"]
                    plain = self.w.plain(exp, row["mode"])
                    own = [c for c in plain if any(self.alike(c, d, keys) for d in moved)]
                    own = self.w.chosen(tuple(own), exact)
                    mine = [own, *(c for c in moved if self.alike(c, own, keys))]
                cells = sorted(self.w.able(mine, exact), key=lambda c: about(c, row["reading"]))
                yield {about(c, row["reading"]): c for c in cells}, own, exact
            except Lack:
                continue

    def alike(self, one: int, two: int, keys: list[str]) -> bool:
        return all(str(self.w.about(one, k)) == str(self.w.about(two, k)) for k in keys)

    def over_steps(self, row: dict[str, Any], alpha: float) -> Effect:
        name = row["measure"]
        if name.startswith("final_quality_by_rule_"):
            return self.m.quality(
                self.ruled(row, name.removeprefix("final_quality_by_rule_")), alpha
            )
        axes = list(self.axes(row))
        if name == "final_quality_at_own_step":
            pairs = [Pair(own, self.best(cells.values(), own), exact)
                     for cells, own, exact in axes if len(cells) > 1]  # fmt: skip
            if not pairs:
                raise Lack
            return self.m.quality(pairs, alpha)
        if name == "range_of_good_steps":
            return self.good_range(axes, alpha)
        sign = -1 if "smaller" in name else 1
        by_step: dict[float, list[Pair]] = {}
        for cells, own, exact in axes:
            (at,) = (step for step, cell in cells.items() if cell == own)
            for step, cell in cells.items():
                trains = self.w.trains(cell, exact) or self.w.trains(own, exact)
                if sign * (step - at) > 0 and trains:
                    by_step.setdefault(step, []).append(Pair(cell, own, exact))
        if not by_step:
            raise Lack
        share = alpha / len(by_step)
        made = [
            self.m.rates(pairs, share, ("vanished", "diverged"))
            if name.startswith("failed_runs") else self.m.quality(pairs, share)
            for pairs in by_step.values()
        ]  # fmt: skip

        def below(bound: float) -> float:
            all_below = max(one.below(bound) for one in made)
            return sided(all_below, len(made) * min(1 - one.below(bound) for one in made))

        return Effect(*(max(one[k] for one in made) for k in range(3)), below)

    def best(self, cells: Any, own: int) -> int:
        return min((c for c in cells if c != own),
                   key=lambda c: self.w.quality(c).fillna(np.inf).median())  # fmt: skip

    def ruled(self, row: dict[str, Any], rule: str) -> list[Pair]:
        found = []
        for exp, exact in self.experiments(row):
            cells = [
                c for c in exp.cells
                if self.w.about(c, "mode") == row["mode"] and not self.w.changed(c)
                and rule == ("tuned" if self.w.is_tuned(c) else self.w.about(c, "rule"))
            ]  # fmt: skip
            try:
                mine = self.w.able(cells, exact)[0]
            except Lack:
                continue
            here = row | {"dtype": self.w.about(mine, "dtype")}
            for steps, _, base in self.axes(here):
                if base == exact:
                    found.append(Pair(mine, self.best(steps.values(), mine), exact))
        if not found:
            raise Lack
        return found

    def good_range(self, axes: Any, alpha: float) -> Effect:
        margin, widths, some, none = self.rules["equivalence_sds"], [], [], []
        for cells, _, exact in axes:
            if len(cells) < 2:
                continue
            good = np.array([
                self.m.quality([Pair(c, exact, exact)], alpha).below(margin) for c in cells.values()
            ])  # fmt: skip
            shown, bad = holm(good) < alpha, holm(1 - good)
            logs = np.log10(list(cells))
            middle = (logs[1:] + logs[:-1]) / 2
            first, last = 1.5 * logs[[0, -1]] - logs[[1, -2]] / 2
            stretch = np.diff([first, *middle, last])
            widths.append([stretch[part].sum() for part in (good < 0.5, shown, bad >= alpha)])
            other = np.array([c != exact for c in cells.values()])
            some.append(min(1.0, other.sum() * good[other].min()))
            none.append(bad[other].max())
        if not widths:
            raise Lack
        yes, no = max(some), max(none)
        return Effect(*np.mean(widths, axis=0), lambda b: sided(no, yes))


def recompute(tables: dict[str, Frame], rules: dict[str, Any]) -> Frame:
    """The table claims with columns again_effect, again_low, again_high and again_verdict."""
    judge, table = Judge(World(tables, rules)), tables["claims"]
    made: list[tuple[Effect, Effect | None] | None] = []
    for row in table.to_dict("records"):
        try:
            made.append(None if row["against"] == "matched controls" else judge.effects(row))
        except Lack:
            made.append(None)
    alpha, rows = rules["alpha"], table.to_dict("records")
    raw = np.array([np.nan if one is None else two_sided(*one, row, alpha)
                    for one, row in zip(made, rows, strict=True)])  # fmt: skip
    counted = np.array([one is not None and one[0].is_counted for one in made])
    tested = ~np.isnan(raw) & ~counted
    adjusted = raw.copy()
    if tested.any():
        adjusted[tested] = multipletests(raw[tested], alpha, "holm")[1]
    unknown = Effect(np.nan, np.nan, np.nan, lambda b: np.nan)
    effects = [unknown if one is None else one[0] for one in made]
    return table.assign(
        again_effect=[e.estimate for e in effects], again_low=[e.low for e in effects],
        again_high=[e.high for e in effects], again_p_holm=adjusted,
        again_verdict=[verdict(one, row, p, alpha)
                       for one, row, p in zip(made, rows, adjusted, strict=True)],
    )  # fmt: skip


def p_of(effect: Effect, bound: float) -> float:
    below = effect.below(bound)
    return float(np.minimum(1.0, 2 * np.minimum(below, 1 - below)))


def holds(effect: Effect, row: dict[str, Any]) -> bool:
    below = effect.below(row["bound"])
    return below < 0.5 if row["side"] == "below" else below > 0.5


def gains(gain: Effect | None, row: dict[str, Any], alpha: float) -> bool:
    return gain is None or (holds(gain, row) and p_of(gain, row["bound"]) < alpha)


def two_sided(effect: Effect, gain: Effect | None, row: dict[str, Any], alpha: float) -> float:
    own = p_of(effect, row["bound"])
    if gain is None:
        return own
    first = p_of(gain, row["bound"])
    return max(first, own) if gains(gain, row, alpha) else first


def verdict(made: Any, row: dict[str, Any], p: float, alpha: float) -> str:
    if made is None or np.isnan(p):
        return "undecided"
    effect, gain = made
    decisive = effect if gains(gain, row, alpha) else gain
    said = "undecided"
    if p < alpha and holds(decisive, row):
        said = "supported"
    elif p < alpha:
        none = 1.0 if row["unit"] == "ratio" else 0.0
        below = decisive.below(none)
        wrong = 2 * (below if row["side"] == "above" else 1 - below)
        own = p_of(decisive, row["bound"])
        share = alpha * min(1.0, own / p) if p > 0 else alpha
        said = "contradicted" if wrong < share else "no relevant effect"
    over_exact = gain is None or decisive is gain
    if over_exact and not decisive.can_spare and said != "contradicted":
        return "undecided"
    return said


def differing(again: Frame) -> Frame:
    """Rows whose verdict, effect or interval is not the same."""
    wrong = again["verdict"] != again["again_verdict"]
    for name in ("effect", "low", "high"):
        wrong |= ~np.isclose(
            again[name].astype(float), again[f"again_{name}"], rtol=1e-6, atol=1e-9, equal_nan=True
        )
    return again[wrong]


def main(folder: Path, config: Path) -> int:
    names = ("claims", "outcomes", "quality", "cost", "gradient_error")
    tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in names}
    again = recompute(tables, yaml.safe_load(config.read_text())["claims"])
    wrong = differing(again)
    keys = ["scope", "claim", "reading", "mode", "measure", "against"]
    keys += ["verdict", "effect", "low", "high"]
    keys += ["again_verdict", "again_effect", "again_low", "again_high"]
    print(wrong[keys].to_string() if len(wrong) else "")
    print(f"{len(again)} verdicts recomputed, {len(wrong)} differ")
    return int(len(wrong) > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "config.yaml")))
