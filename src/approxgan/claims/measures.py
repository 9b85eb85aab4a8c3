"""What each claim is measured by: matched runs -> an effect on the claimed side of a bound."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from approxgan.analysis import statistics
from approxgan.analysis.statistics import Effect, Interval
from approxgan.claims import cost, stability
from approxgan.claims.matching import (
    EPSILON,
    EQUAL_COST,
    LEARNING_RATE,
    SAME_STEPS,
    Arm,
    Axis,
    Contrast,
    Rules,
)
from approxgan.claims.verdict import COUNT, Claimed, Comparison, InsufficientData, mean_of

OWN_STEP, BEST_STEP = "own_step", "best_step"
"""What a mode is compared with where the step is judged: itself at the ε of highest cosine, or at
the study's learning rate; itself at the best of the others."""
NO_CONTROL = "matched controls"
"""What a gain is compared with where no control was run."""
RATIO, SHARE, SDS, DECADES = "ratio", "share of runs", "sds of exact", "decades"
GEOMETRIC = "geometric mean over seeds and data sets"
PLAIN, STEP = (SAME_STEPS, EQUAL_COST), (EPSILON, LEARNING_RATE)


@dataclass(frozen=True)
class Measure:
    """One row of every mode: what is measured, and what the claim says of it."""

    claim: str
    name: str
    unit: str
    side: str
    """On which side of the bound the claim says that the whole interval lies: below or above."""
    bound: Callable[[Rules], float]
    compare: Callable[[Sequence[Any], Rules], Comparison]
    """Of ``Contrast``, or of ``Axis`` where the step is read as one of ``STEP``."""
    readings: tuple[str, ...] = PLAIN
    against: str = ""
    """Where that is not exact."""
    is_timed: bool = False
    """Whether the machine decides the number."""
    is_shared: bool = False
    """Whether matched controls are asked too, if they share the gain."""
    rule: str = ""
    """The rule that chose ε, where it is judged."""

    def claimed(self, rules: Rules) -> Claimed:
        return Claimed(self.side, self.bound(rules), 1.0 if self.unit == RATIO else 0.0)


def speed(contrasts: Sequence[Contrast], rules: Rules, price: cost.Price) -> Comparison:
    """Cost to reach exact's quality ÷ the other's."""
    found = [cost.to_target(one, rules, price) for one in contrasts]
    logs = []
    for costs, whole in found:
        counted = np.where(np.isinf(costs), rules["never_runs"] * whole, costs)
        logs.append(np.log(counted[:, :1] / counted[:, 1:]))
    made = statistics.jackknife(logs, statistics.mean, level=1 - rules["alpha"])
    never = np.concatenate([np.isinf(costs[:, 0]) for costs, _ in found])
    medians = [np.median(costs, axis=0) for costs, _ in found]
    told = ", ".join(_multiple(*parts) for parts in zip(contrasts, found, medians, strict=True))
    note = (
        f"median run ÷ the other's: {told}; target: exact's median final {rules['metric']} and "
        f"{rules['equivalence_sds']:g} of its seed-to-seed sd, linear between snapshots; a run "
        f"that never reaches it counts as {rules['never_runs']:g} whole runs; {GEOMETRIC}"
    )
    values = mean_of(medians, geometric=True)
    return Comparison(
        statistics.exp(made), "jackknife", note, values, 0, int(never.sum()), len(never)
    )


def _multiple(one: Contrast, spent: cost.Spent, medians: np.ndarray) -> str:
    mine, other = medians
    if np.isinf(mine):
        return f"{one.mine.dataset} never within {spent.whole[0] / other:.3g}"
    return f"{one.mine.dataset} {mine / other:.3g}"


def quality(contrasts: Sequence[Contrast], rules: Rules) -> Comparison:
    """Final quality minus the other's in exact's seed-to-seed sds; positive is worse."""
    rows, seeds = [one.rows() for one in contrasts], [len(one.seeds()) for one in contrasts]
    how = {"cap": float(rules["cap_sds"]), "worse": 1}
    effect = statistics.jackknife(
        rows, partial(statistics.mean_in_spreads, **how), level=1 - rules["alpha"], counts=seeds
    )
    pairs = np.concatenate([statistics.in_spreads(own, **how) for own in rows])
    floors = ", ".join(
        "not measured" if np.isnan(one.mine.floor) else f"{one.mine.floor:.2g}" for one in contrasts
    )
    note = (
        f"mean over seeds and data sets; each seed capped at {rules['cap_sds']:g} sds, which a "
        f"diverged run counts as; noise floor by data set (sds): {floors}"
    )
    if early := [text for one in contrasts if (text := _early(one.mine))]:
        told = ", ".join(early)
        note += f"; judged before the end of their runs, linear between snapshots: {told}"
    values = mean_of([(one.mine.median(), one.other.median()) for one in contrasts])
    capped = int((np.abs(pairs) >= how["cap"]).sum())
    return Comparison(effect, "jackknife", note, values, capped, runs=sum(seeds))


def _early(arm: Arm) -> str:
    """'grid at step 35 of 2,102' of runs that have a larger budget than they are judged at."""
    last = float(max(arm.curves.columns, default=np.nan))
    return f"{arm.dataset} at step {arm.end:.0f} of {last:.0f}" if arm.end < last - 0.5 else ""


def counted_cost(contrasts: Sequence[Contrast], rules: Rules) -> Comparison:
    prices = [[cost.forward_equivalents(a) for a in (one.mine, one.other)] for one in contrasts]
    mine, other = values = mean_of(prices, geometric=True)
    note = "forward 1, backward 2; geometric mean over data sets"
    runs = sum(len(one.mine.runs) for one in contrasts)
    return Comparison(statistics.exact(mine / other), COUNT, note, values, runs=runs)


def measured_cost(contrasts: Sequence[Contrast], rules: Rules) -> Comparison:
    pairs = np.concatenate([
        pd.concat([cost.jobs(one.mine), cost.jobs(one.other)], axis=1, join="inner")
        for one in contrasts
    ])  # fmt: skip
    if not len(pairs):
        raise InsufficientData("the table cost has no pair of jobs of the same seeds")
    logs = np.log(pairs[:, :1] / pairs[:, 1:])
    made = statistics.jackknife([logs], statistics.mean, level=1 - rules["alpha"])
    note = f"processor seconds; geometric mean over pairs of jobs of the same seeds: {len(pairs)}"
    runs = sum(len(one.mine.runs) for one in contrasts)
    values = mean_of(pairs, geometric=True)
    return Comparison(statistics.exp(made), "t", note, values, runs=runs)


def at_ends(
    axes: Sequence[Axis], rules: Rules, sign: int, compare: Callable[..., Comparison]
) -> Comparison:
    """The largest effect of the steps that are smaller (-1) or larger (1) than the own one.

    Where neither of two steps trains there is nothing to tell apart.
    """
    by_step: dict[float, list[Contrast]] = {}
    failing = []
    for step, one in ((step, one) for axis in axes for step, one in axis.beyond(sign).items()):
        if one.mine.trains(one.exact) or one.other.trains(one.exact):
            by_step.setdefault(step, []).append(one)
        else:
            failing.append(one.name())
    if not by_step and failing:
        raise InsufficientData(
            f"two failures are not ranked: neither step trains: {'; '.join(failing)}"
        )
    if not by_step:
        raise InsufficientData("no step of the range lies on that side of the own one")
    shared = {**rules, "alpha": rules["alpha"] / len(by_step)}
    made = {step: compare(by_step[step], shared) for step in sorted(by_step)}
    estimates = {step: one.effect.interval.estimate for step, one in made.items()}
    worst = max(estimates, key=lambda step: estimates[step])
    told = ", ".join(f"{step:g}: {told_effect(one.effect)}" for step, one in made.items())
    note = f"the largest, at {worst:g}, of {told}; {made[worst].note}"
    effect = statistics.largest([one.effect for one in made.values()])
    return replace(made[worst], effect=effect, kind="bonferroni", note=note)


def told_effect(effect: Effect) -> str:
    estimate, low, high = effect.interval
    return f"{estimate:.3g} ({low:.3g} to {high:.3g})"


def good_range(axes: Sequence[Axis], rules: Rules) -> Comparison:
    """Decades of the step at which the mode is as good as exact on average over data sets.

    A step is good where the mean difference in quality is under the margin, and stands for the
    stretch of the grid around it. The ends are no confidence interval: the range of the steps that
    are shown to be good (one-sided t, Holm over steps), and of those not shown to be bad. p is of
    'not every data set has a good step', or of 'some data set has one', the largest over data sets.
    """
    ranges = [axis for axis in axes if len(axis.arms) > 1]
    if not ranges:
        alone = "; ".join(axis.name() for axis in axes)
        raise InsufficientData(f"fewer than two steps were run: {alone}")
    widths, some_good, all_bad, told = [], [], [], []
    for axis in ranges:
        good = np.array([_no_worse(one, rules) for one in axis.beside_exact()])
        shown = statistics.holm(good) < rules["alpha"]
        bad = statistics.holm(1 - good)
        stretches = _stretches(np.array(list(axis.arms)))
        parts = (good < 0.5, shown, bad >= rules["alpha"])
        widths.append([stretches[part].sum() for part in parts])
        # Exact itself is as good as exact, and shows nothing.
        tested = np.array([arm is not axis.exact for arm in axis.arms.values()])
        some_good.append(min(1.0, tested.sum() * good[tested].min()))
        all_bad.append(bad[tested].max())
        kept = ", ".join(f"{step:g}" for step in np.array(list(axis.arms))[shown])
        told.append(f"{'/'.join(axis.mine.key)}: {kept or 'none'}")
    yes, no = max(some_good), max(all_bad)
    point, sure, possible = (float(width) for width in np.mean(widths, axis=0))
    effect = Effect(Interval(point, sure, possible), lambda bound: statistics.either(no, yes))
    note = f"shown to be as good as exact: {'; '.join(told)}"
    if alone := [axis.name() for axis in axes if axis not in ranges]:
        note += f"; left out, as one step is no range: {'; '.join(alone)}"
    return Comparison(effect, "holm_range", note, runs=sum(len(a.mine.runs) for a in ranges))


def _no_worse(one: Contrast, rules: Rules) -> float:
    """One-sided p of 'worse by the margin or more'."""
    return quality([one], rules).effect.less(float(rules["equivalence_sds"]))


def _stretches(steps: np.ndarray) -> np.ndarray:
    """Decades from halfway to the step before to halfway to the next; the ends reach as far out."""
    gaps = np.diff(np.log10(steps))
    padded = np.concatenate([gaps[:1], gaps, gaps[-1:]])
    return (padded[:-1] + padded[1:]) / 2


def against_best(found: Sequence[Any], rules: Rules) -> Comparison:
    """Quality lost against the best of the other steps, which was chosen by the judged runs."""
    ranges = [axis for axis in found if isinstance(axis, Contrast) or len(axis.arms) > 1]
    if not ranges:
        raise InsufficientData("no other step was run")
    pairs = [axis if isinstance(axis, Contrast) else axis.beside_best(axis.mine) for axis in ranges]
    made = quality(pairs, rules)
    best = ", ".join(f"{one.mine.dataset} {one.other.name()}" for one in pairs)
    return replace(made, note=f"best by the median of these runs: {best}; {made.note}")


def by_rule(rule: str) -> Measure:
    """What a rule that chooses ε, or a tuning, loses against the best fixed ε."""
    return Measure("C6", f"final_quality_by_rule_{rule}", SDS, "below", _margin("equivalence_sds"),
                   against_best, (EPSILON,), BEST_STEP, rule=rule)  # fmt: skip


def _less(margin: str, power: int = 1) -> Callable[[Rules], float]:
    """The ratio that counts as less by a margin; a variance is less where its sd is (power 2)."""
    return lambda rules: float((1 - rules[margin]) ** power)


def _margin(name: str, sign: int = 1) -> Callable[[Rules], float]:
    return lambda rules: float(sign * rules[name])


MEASURES = (
    Measure("C1", "steps_to_target", RATIO, "below", _less("speed_margin"),
            partial(speed, price=cost.per_step), (SAME_STEPS,), is_shared=True),
    Measure("C1", "forward_equivalents_to_target", RATIO, "below", _less("speed_margin"),
            partial(speed, price=cost.forward_equivalents), (SAME_STEPS,)),
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
    Measure("C4", "final_quality_at_smaller_steps", SDS, "above", _margin("equivalence_sds"),
            partial(at_ends, sign=-1, compare=quality), STEP, OWN_STEP),
    Measure("C4", "final_quality_at_larger_steps", SDS, "above", _margin("equivalence_sds"),
            partial(at_ends, sign=1, compare=quality), STEP, OWN_STEP),
    Measure("C4", "failed_runs_at_larger_steps", SHARE, "above", _margin("rate_margin"),
            partial(at_ends, sign=1, compare=stability.failures), STEP, OWN_STEP),
    Measure("C5", "forward_equivalents_per_step", RATIO, "below", _less("cost_margin"),
            counted_cost, (SAME_STEPS,)),
    Measure("C5", "seconds_per_step", RATIO, "below", _less("cost_margin"), measured_cost,
            (SAME_STEPS,), is_timed=True),
    Measure("C5", "forward_equivalents_to_target", RATIO, "below", _less("cost_margin"),
            partial(speed, price=cost.forward_equivalents), (EQUAL_COST,)),
    Measure("C6", "range_of_good_steps", DECADES, "above", lambda rules: 0.0, good_range, STEP),
    Measure("C6", "final_quality_at_own_step", SDS, "below", _margin("equivalence_sds"),
            against_best, (LEARNING_RATE,), BEST_STEP),
)  # fmt: skip
"""In the order of the table; every claim's first row is the plainest. ``by_rule`` makes more."""
