"""What each claim is measured by: matched runs -> an effect on the claimed side of a bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from approxgan.analysis import statistics
from approxgan.analysis.statistics import Effect, Interval
from approxgan.claims import cost, stability
from approxgan.claims.matching import Arm, Contrast, Rules, enough, own_end
from approxgan.claims.verdict import COUNT, Claimed, Comparison, InsufficientData

CHOSEN_EPSILON = "chosen_epsilon"
"""What a mode at an end of its ε range is compared with: itself at the ε it is judged at."""
NO_CONTROL = "matched controls"
"""What a gain is compared with where no control was run."""
RATIO, SHARE, SDS, DECADES = "ratio", "share of runs", "sds of exact", "decades"
GEOMETRIC = "geometric mean over seeds and data sets"


@dataclass(frozen=True)
class Measure:
    """One row of every mode: what is measured, and what the claim says of it."""

    claim: str
    name: str
    unit: str
    side: str
    """On which side of the bound the claim says that the whole interval lies: below or above."""
    bound: Callable[[Rules], float]
    compare: Callable[[Sequence[Contrast], Rules], Comparison]
    select: Callable[[Sequence[Contrast]], list[Contrast]] = list
    """From the mode beside exact to what is compared."""
    against: str = ""
    """Where that is not exact."""
    is_timed: bool = False
    """Whether the machine decides the number."""
    is_shared: bool = False
    """Whether matched controls are asked too, if they share the gain."""

    def claimed(self, rules: Rules) -> Claimed:
        return Claimed(self.side, self.bound(rules), 1.0 if self.unit == RATIO else 0.0)


def speed(contrasts: Sequence[Contrast], rules: Rules, price: Callable[[Arm], float]) -> Comparison:
    """Cost to reach exact's quality ÷ the other's."""
    budgets = [cost.budgets(one, rules) for one in contrasts]
    groups = [
        (own.logs + np.log(price(one.mine) / price(one.other)))[:, None]
        for own, one in zip(budgets, contrasts, strict=True)
    ]
    made = statistics.jackknife(groups, statistics.mean, level=1 - rules["alpha"])
    note = (
        f"target: exact's median final {rules['metric']} and {rules['equivalence_sds']:g} of its "
        f"seed-to-seed sd, linear between snapshots; a run that never reaches it counts as "
        f"{rules['never_runs']:g} whole runs; {GEOMETRIC}"
    )
    reached = np.concatenate([own.reached for own in budgets])
    censored = int((~reached).sum())
    return Comparison(statistics.exp(made), "jackknife", note, censored, len(reached))


def quality(contrasts: Sequence[Contrast], rules: Rules) -> Comparison:
    """Final quality minus the other's in exact's seed-to-seed sds; positive is worse."""
    effect = _difference(contrasts, rules)
    floors = ", ".join(_floor(one) for one in contrasts)
    note = (
        f"mean over seeds and data sets; each seed capped at {rules['cap_sds']:g} sds, which a "
        f"diverged run counts as; noise floor by data set (sds): {floors}"
    )
    return Comparison(effect, "jackknife", note, runs=sum(len(one.seeds()) for one in contrasts))


def _floor(one: Contrast) -> str:
    floor = one.group.floor(one.mine)
    return "not measured" if np.isnan(floor) else f"{floor:.2g}"


def _difference(contrasts: Sequence[Contrast], rules: Rules) -> Effect:
    counts = [len(one.seeds()) for one in contrasts]
    for one, count in zip(contrasts, counts, strict=True):
        enough(count, rules, one.name())
    mean = partial(statistics.mean_in_spreads, cap=float(rules["cap_sds"]), worse=1)
    rows = [one.rows() for one in contrasts]
    return statistics.jackknife(rows, mean, level=1 - rules["alpha"], counts=counts)


def counted_cost(contrasts: Sequence[Contrast], rules: Rules) -> Comparison:
    ratios = [
        cost.forward_equivalents(o.mine) / cost.forward_equivalents(o.other) for o in contrasts
    ]
    effect = statistics.exact(float(np.exp(np.mean(np.log(ratios)))))
    note = "forward 1, backward 2; geometric mean over data sets"
    return Comparison(effect, COUNT, note, runs=sum(len(one.mine.runs) for one in contrasts))


def measured_cost(contrasts: Sequence[Contrast], rules: Rules) -> Comparison:
    logs = []
    for one in contrasts:
        mine, other = cost.jobs(one.mine), cost.jobs(one.other)
        common = mine.index.intersection(other.index)
        logs += list(np.log(mine[common].to_numpy() / other[common].to_numpy()))
    if len(logs) < 2:
        raise InsufficientData("the table cost has fewer than two pairs of jobs of the same seeds")
    made = statistics.jackknife(
        [np.array(logs)[:, None]], statistics.mean, level=1 - rules["alpha"]
    )
    note = f"processor seconds; geometric mean over {len(logs)} pairs of jobs of the same seeds"
    runs = sum(len(one.mine.runs) for one in contrasts)
    return Comparison(statistics.exp(made), "t", note, runs=runs)


def good_range(contrasts: Sequence[Contrast], rules: Rules) -> Comparison:
    """Decades of ε at which the mode is as good as exact on average over data sets.

    An ε is good where the mean difference in quality is under the margin, and stands for the
    stretch of the grid around it. The ends are no confidence interval: the range of the ε that
    are shown to be good (one-sided t, Holm over ε), and of those not shown to be bad. p is of 'not
    every data set has a good ε', or of 'some data set has one', the largest over data sets.
    """
    ranges = [one for one in contrasts if len(one.group.steps(one.mine)) > 1]
    if not ranges:
        alone = "; ".join(one.name() for one in contrasts)
        raise InsufficientData(f"fewer than two ε were run: {alone}")
    widths, some_good, all_bad, told = [], [], [], []
    for one in ranges:
        steps = one.group.steps(one.mine)
        good, bad = _tested(one, steps, rules)
        part = [good < 0.5, statistics.holm(good) < rules["alpha"],
                ~(statistics.holm(bad) < rules["alpha"])]  # fmt: skip
        widths.append(
            [_stretches(np.array(steps)[:, 1].astype(float))[which].sum() for which in part]
        )
        some_good.append(min(1.0, len(good) * good.min()))
        all_bad.append(statistics.holm(bad).max())
        kept = ", ".join(
            f"{cell[1]:g}" for cell, is_good in zip(steps, part[1], strict=True) if is_good
        )
        told.append(f"{'/'.join(one.mine.group)}: {kept or 'none'}")
    yes, no = max(some_good), max(all_bad)
    point, sure, possible = (float(width) for width in np.mean(widths, axis=0))
    effect = Effect(Interval(point, sure, possible), lambda bound: no if no < yes else 1 - yes)
    note = f"ε shown to be as good as exact: {'; '.join(told)}"
    if alone := [one.mine.name() for one in contrasts if one not in ranges]:
        note += f"; left out, as one ε is no range: {'; '.join(alone)}"
    return Comparison(effect, "holm_range", note, runs=sum(len(one.mine.runs) for one in ranges))


def _tested(one: Contrast, steps: Sequence[tuple[str, float]], rules: Rules) -> np.ndarray:
    """One-sided p [2, ε] of 'no better than the margin' and of 'no worse'."""
    margin = float(rules["equivalence_sds"])
    arms = [one.group.arm(one.mine.mode, cell) for cell in steps]
    less = [_difference([replace(one, mine=arm)], rules).less(margin) for arm in arms]
    return np.array([less, [1 - p for p in less]])


def _stretches(epsilons: np.ndarray) -> np.ndarray:
    """Decades from halfway to the ε before to halfway to the next; the ends' reach as far out."""
    gaps = np.diff(np.log10(epsilons))
    padded = np.concatenate([gaps[:1], gaps, gaps[-1:]])
    return (padded[:-1] + padded[1:]) / 2


def _less(margin: str, power: int = 1) -> Callable[[Rules], float]:
    """The ratio that counts as less by a margin; a variance is less where its sd is (power 2)."""
    return lambda rules: float((1 - rules[margin]) ** power)


def _margin(name: str, sign: int = 1) -> Callable[[Rules], float]:
    return lambda rules: float(sign * rules[name])


MEASURES = (
    Measure("C1", "steps_to_target", RATIO, "below", _less("speed_margin"),
            partial(speed, price=cost.per_step), is_shared=True),
    Measure("C1", "forward_equivalents_to_target", RATIO, "below", _less("speed_margin"),
            partial(speed, price=cost.forward_equivalents)),
    Measure("C1", "seconds_to_target", RATIO, "below", _less("speed_margin"),
            partial(speed, price=cost.seconds), is_timed=True),
    Measure("C2", "diverged_runs", SHARE, "below", _margin("rate_margin", -1),
            stability.divergence, is_shared=True),
    Measure("C2", "spread_of_final_quality", RATIO, "below", _less("spread_margin"),
            stability.spread, is_shared=True),
    *(
        Measure("C2", f"variance_of_{player}_loss", RATIO, "below", _less("spread_margin", 2),
                partial(stability.oscillation, player=player), is_shared=True)
        for player in ("generator", "discriminator")
    ),
    Measure("C3", "final_quality", SDS, "above", _margin("equivalence_sds"), quality),
    Measure("C4", "final_quality_at_smallest_epsilon", SDS, "above", _margin("equivalence_sds"),
            quality, partial(own_end, end=0), CHOSEN_EPSILON),
    Measure("C4", "final_quality_at_largest_epsilon", SDS, "above", _margin("equivalence_sds"),
            quality, partial(own_end, end=-1), CHOSEN_EPSILON),
    Measure("C4", "failed_runs_at_largest_epsilon", SHARE, "above", _margin("rate_margin"),
            stability.failures, partial(own_end, end=-1), CHOSEN_EPSILON),
    Measure("C5", "forward_equivalents_per_step", RATIO, "below", _less("cost_margin"),
            counted_cost),
    Measure("C5", "seconds_per_step", RATIO, "below", _less("cost_margin"), measured_cost,
            is_timed=True),
    Measure("C6", "range_of_good_epsilon", DECADES, "above", lambda rules: 0.0, good_range),
)  # fmt: skip
"""In the order of the table; every claim's first row is the plainest."""
