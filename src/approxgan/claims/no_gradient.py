"""Where no gradient exists: distances to the truth at equal numbers of simulated samples (C7)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis import statistics
from approxgan.analysis.frames import GROUP, by_cell, table
from approxgan.claims.matching import EQUAL_CALLS, Rules, at_step, enough
from approxgan.claims.measures import RATIO, Measure
from approxgan.claims.verdict import Comparison, InsufficientData, mean_of
from approxgan.config import registry
from approxgan.storage.tables import NO_GRADIENT

CLAIM = "C7"
REFERENCE, BEST_OTHER = "reference", "best_other"
"""What the article's formula is compared with: the gradient that knows the generator, and the best
of the other modes that know nothing of it but samples."""
COMMON, FRESH = "common", "fresh"
"""Draws of the evaluations that a mode takes differences of."""
AS_PRINTED = (COMMON, "parameters")
"""Draws and place of the article's formula."""
BEYOND = ("gradient", "expected", "likelihood")
"""What no estimate from a generator's samples has."""
LEAST = 1e-12
"""Distances below count as this, where no perfect samples were scored."""


def needs(mode: str) -> str:
    """What a mode must know of the generator beside samples; empty for nothing."""
    found = registry.describe("modes", mode).constants
    wanted = str(found.get("needs", "gradient" if found.get("differentiates") else ""))
    return "" if wanted == "outcome" else wanted


def differences(mode: str) -> bool:
    """Whether a mode takes differences of evaluations."""
    return bool(registry.describe("modes", mode).constants.get("sides"))


def evaluated(mode: str, own: Mapping[str, Any]) -> tuple[str, str]:
    """Draws and place of a mode's differences, by its settings; empty where it takes none."""
    if not differences(mode):
        return "", ""
    return str(own.get("noise", COMMON)), str(own.get("at", AS_PRINTED[1]))


def of_generator(own_settings: str) -> dict[str, Any]:
    """The generator's part of the column ``own_settings`` of outcomes."""
    settings = json.loads(own_settings or "{}")
    return settings[0] if isinstance(settings, list) else settings


@dataclass(frozen=True, eq=False)
class Way:
    """One cell: a way to train a generator that has no gradient."""

    about: Mapping[str, Any]
    """What all its runs share, by column: also read as attributes."""
    curves: pd.DataFrame
    """[seed, step]: the distance to the truth, at least ``floor``. A run that diverged counts as
    its own start."""
    calls: float
    """Simulated samples of one step."""
    dimension: float
    """Parameters of the generator."""

    def __getattr__(self, column: str) -> Any:
        if column == "about" or column not in self.about:
            raise AttributeError(column)
        return self.about[column]

    @property
    def own(self) -> dict[str, Any]:
        """The settings of the generator's mode."""
        return of_generator(self.own_settings)

    @property
    def noise(self) -> str:
        return evaluated(self.generator_mode, self.own)[0]

    @property
    def at(self) -> str:
        return evaluated(self.generator_mode, self.own)[1]

    @property
    def needs(self) -> str:
        return needs(self.generator_mode)

    @property
    def spent(self) -> float:
        """Simulated samples of a whole run."""
        return self.calls * float(max(self.curves.columns))

    @property
    def first(self) -> float:
        """Simulated samples at the first score after the start."""
        return self.calls * float(self.curves.columns[self.curves.columns > 0].min())

    def at_calls(self, calls: float) -> pd.Series:
        """The distance of each seed, linear between snapshots."""
        return at_step(self.curves, calls / self.calls)

    def median(self, calls: float) -> float:
        return float(self.at_calls(calls).median())

    def name(self) -> str:
        epsilon = "" if np.isnan(self.generator_epsilon) else f" ε={self.generator_epsilon:g}"
        settings = ", ".join(f"{key} {value}" for key, value in self.own.items())
        inside = f" ({settings})" if settings else ""
        return f"{self.study}/{self.dataset} {self.generator_mode}{inside}{epsilon}"


@dataclass(frozen=True, eq=False)
class Versus:
    """A way beside another one of its study, at equal calls."""

    mine: Way
    other: Way
    calls: float

    def logs(self) -> np.ndarray:
        """[n, 1]: ln(distance ÷ the other's) of the seeds of both."""
        both = [np.log(way.at_calls(self.calls)) for way in (self.mine, self.other)]
        pair = pd.concat(both, axis=1, join="inner").to_numpy(float)
        return pair[:, :1] - pair[:, 1:]

    def name(self) -> str:
        return f"{self.mine.name()} against {self.other.name()}"

    def told(self) -> str:
        """The calls, and whose settings were chosen for more of them."""
        ways = [way for way in (self.mine, self.other) if way.spent > 1.1 * self.calls]
        whole = [f"{way.generator_mode} has settings for {way.spent:.3g}" for way in ways]
        return "; ".join([f"{self.calls:.3g} calls", *whole])


@dataclass(frozen=True, eq=False)
class Study:
    """One data set, model and loss of a study, with all the ways that were tried."""

    ways: Sequence[Way]
    metric: str
    rules: Rules
    """The config's block ``claims``."""

    @property
    def calls(self) -> float:
        """Those that every way has spent."""
        return min(way.spent for way in self.ways)

    @property
    def is_smooth(self) -> bool:
        """Whether the generator has a gradient."""
        return any(way.needs == "gradient" for way in self.ways)

    def reference(self) -> Way:
        """Raises ``InsufficientData`` where it was not run."""
        wanted = self.rules["no_gradient"]["references"]
        found = {way.generator_mode: way for way in reversed(self.ways)}
        for mode in wanted:
            if mode in found:
                return found[mode]
        raise InsufficientData(f"none of {', '.join(wanted)} was run in {self.name()}")

    def beside(self, against: str, mode: str) -> Versus | None:
        """The article's formula as it is printed, beside the reference or the best other mode.

        At its best: the cell with settings that were chosen on other seeds, if there is one, and
        for the budget at which it is judged.
        """
        ways = [w for w in self.ways if w.generator_mode == mode and (w.noise, w.at) == AS_PRINTED]
        ways.sort(key=lambda way: (way.tuned == "", way.spent))
        if not ways:
            return None
        mine, blind = ways[0], [way for way in self.ways if not way.needs]
        if against == REFERENCE:
            other = self.reference()
        else:
            other = best([way for way in blind if way.generator_mode != mode], self.calls)
        if other is None:
            raise InsufficientData(f"no other mode was run in {self.name()}")
        made = Versus(mine, other, self.calls)
        enough(len(made.logs()), self.rules, made.name())
        return made

    def name(self) -> str:
        return "/".join(str(self.ways[0].about[key]) for key in GROUP)


def best(ways: Sequence[Way], calls: float) -> Way | None:
    """Of least median distance among those that were scored by then and went on so long.

    One that is no nearer to the truth than it began is none.
    """
    able = [
        way
        for way in ways
        if way.first <= calls * (1 + 1e-9)
        and way.spent >= calls * (1 - 1e-9)
        and way.median(calls) < way.median(0.0)
    ]
    return min(able, key=lambda way: way.median(calls), default=None)


def studies(tables: Mapping[str, pd.DataFrame], rules: Rules) -> list[Study]:
    """Those that the config names in ``claims.no_gradient.distances``, by their groups."""
    distances = rules["no_gradient"]["distances"]
    runs, quality = table(tables, "outcomes"), table(tables, "quality")
    null, cost = table(tables, "quality_null"), table(tables, "cost")
    found = []
    for key, rows in runs[runs["study"].isin(distances)].groupby(list(GROUP)):
        metric = distances[key[0]]
        perfect = null[(null["metric"] == metric) & (null["dataset"] == key[1])]["value"]
        floor = max(float(perfect.mean()) if len(perfect) else 0.0, LEAST)
        scores = by_cell(quality[(quality["study"] == key[0]) & (quality["metric"] == metric)])
        jobs = by_cell(cost[cost["study"] == key[0]])
        cells = {c: own for c, own in by_cell(rows).items() if c in scores and c in jobs}
        if cells:
            ways = [_way(own, scores[c], jobs[c], floor) for c, own in cells.items()]
            found.append(Study(ways, metric, rules))
    return found


def _way(runs: pd.DataFrame, scores: pd.DataFrame, jobs: pd.DataFrame, floor: float) -> Way:
    curves = scores.pivot(index="seed", columns="step", values="value").sort_index(axis=1)
    start = curves.iloc[:, 0]
    curves = curves.apply(lambda column: column.fillna(start)).clip(lower=floor)
    whole = runs[~runs["diverged"].astype(bool)]
    counted = whole if len(whole) else runs
    each = pd.to_numeric(counted["calls"]) / pd.to_numeric(counted["steps"])
    about = {str(key): value for key, value in runs.iloc[0].items()}
    about["generator_epsilon"] = float(pd.to_numeric(about["generator_epsilon"]))
    dimension = float(pd.to_numeric(jobs["dimension"]).max())
    return Way(about, curves, float(each.median()), dimension)


def ratio(found: Sequence[Versus], rules: Rules) -> Comparison:
    """The distance to the truth ÷ the other's, at equal calls."""
    logs = [one.logs() for one in found]
    made = statistics.jackknife(logs, statistics.mean, level=1 - rules["alpha"])
    medians = [[way.median(one.calls) for way in (one.mine, one.other)] for one in found]
    told = "; ".join(
        f"{one.mine.dataset} {mine / other:.3g} ({one.other.generator_mode}, {one.told()})"
        for one, (mine, other) in zip(found, medians, strict=True)
    )
    note = (
        f"median run ÷ the other's: {told}; a run that diverged counts as its start; geometric "
        "mean over seeds and data sets"
    )
    values = mean_of(medians, geometric=True)
    return Comparison(statistics.exp(made), "jackknife", note, values, runs=sum(map(len, logs)))


def _within(key: str, against: str) -> Measure:
    return Measure(CLAIM, f"distance_to_{against}", RATIO, "below",
                   lambda rules: float(rules["no_gradient"][key]), ratio, (EQUAL_CALLS,),
                   against)  # fmt: skip


MEASURES = (_within("trains_within", REFERENCE), _within("best_within", BEST_OTHER))
"""In the order of the table."""


def distances(found: Sequence[Study]) -> pd.DataFrame:
    """The table ``no_gradient``: a row a study, number of calls, and way that spent so many."""
    rows = [row for study in found for row in _rows(study)]
    return pd.DataFrame(rows, columns=list(NO_GRADIENT))


def _rows(study: Study) -> Iterator[dict[str, Any]]:
    rules, level = study.rules["no_gradient"], 1 - study.rules["alpha"]
    try:
        reference = study.reference()
    except InsufficientData:
        reference = None
    for calls in sorted({*map(float, rules["calls"]), float(round(study.calls))}):
        ways = [way for way in study.ways if way.spent >= calls * (1 - 1e-6)]
        chosen = _chosen(ways, calls)
        for way in ways:
            logs = np.log(way.at_calls(calls).to_numpy(float))
            beside = statistics.UNKNOWN
            if reference is not None and way is not reference and reference in ways:
                pairs = [Versus(way, reference, calls).logs()]
                made = statistics.jackknife(pairs, statistics.mean, level=level)
                beside = statistics.exp(made).interval
            yield {
                **{key: way.about[key] for key in GROUP},
                "mode": way.generator_mode,
                "epsilon": way.generator_epsilon,
                "noise": way.noise,
                "at": way.at,
                "own_settings": json.dumps(way.own, sort_keys=True),
                "needs": way.needs,
                "is_tuned": way.tuned != "",
                "budget": way.budget,
                "is_smooth": study.is_smooth,
                "dimension": way.dimension,
                "metric": study.metric,
                "calls": calls,
                "calls_per_step": way.calls,
                "seeds": len(logs),
                **dict(zip(("distance", "low", "high"),
                           np.exp(statistics.t_interval(logs, level)), strict=True)),
                **dict(zip(("ratio", "ratio_low", "ratio_high"), beside, strict=True)),
                "best_of": ", ".join(kind for kind, one in chosen.items() if one is way),
            }  # fmt: skip


def _chosen(ways: Sequence[Way], calls: float) -> dict[str, Way | None]:
    """The best way by what can be had: the same draws twice, only fresh ones, or more."""
    blind = [way for way in ways if not way.needs]
    return {
        COMMON: best([way for way in blind if way.noise != FRESH], calls),
        FRESH: best([way for way in blind if way.noise != COMMON], calls),
        "all": best([way for way in ways if way.needs not in BEYOND], calls),
    }
