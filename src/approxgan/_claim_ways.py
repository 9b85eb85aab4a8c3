"""The ways of judging: matched runs -> effect, verdict, the rule that decided, the runs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from approxgan import _claim_cost, statistics
from approxgan._claim_runs import Cell, Match, Missing, Rules, differences, enough
from approxgan.statistics import Interval

Judged = tuple[Interval, str, str, str]
"""Effect, verdict, rule, cells."""
CHOSEN = (
    "ε: the highest median cosine in the probe (of the same model where this data set and loss "
    "were not probed)"
)


def _decide(effect: Interval, bound: float, claimed: str, unit: str) -> tuple[str, str]:
    """(verdict, rule): is the whole interval on the claimed side of the bound, or on the other?"""
    other = "below" if claimed == "above" else "above"
    rule = (
        f"supported if the whole interval lies {claimed} {bound:.3g}{unit}, contradicted if it "
        f"lies {other}; it is {effect.low:.3g} to {effect.high:.3g}"
    )
    if not (np.isfinite(effect.low) and np.isfinite(effect.high)):
        return "undecided", f"{rule}: too few runs for an interval"
    if effect.low > bound:
        return ("supported" if claimed == "above" else "contradicted"), rule
    if effect.high < bound:
        return ("supported" if claimed == "below" else "contradicted"), rule
    return "undecided", rule


def _cells(matches: list[Match]) -> str:
    return "; ".join(one.name(one.chosen) for one in matches)


def _mean(samples: list[np.ndarray], rules: Rules) -> Interval:
    return statistics.mean_interval(
        samples,
        np.random.default_rng(rules["seed"]),
        level=1 - rules["alpha"],
        resamples=rules["resamples"],
    )


def _exp(effect: Interval) -> Interval:
    return Interval(*(float(np.exp(value)) for value in effect))


def _less(margin: float) -> float:
    """The ratio that counts as less by the margin."""
    return 1 - margin


def speed(matches: list[Match], rules: Rules, cost: Callable[[Match, bool], float]) -> Judged:
    logs = [
        _claim_cost.budgets(one, rules) + np.log(cost(one, True) / cost(one, False))
        for one in matches
    ]
    effect = _exp(_mean(logs, rules))
    verdict, rule = _decide(effect, _less(rules["speed_margin"]), "below", "")
    target = (
        f"; target: exact's median final {rules['metric']} + {rules['equivalence_sds']:g} of its "
        f"seed-to-seed sd, between snapshots by interpolation; never reached counts as "
        f"{rules['never_runs']:g} whole runs; geometric mean over seeds and data sets; {CHOSEN}"
    )
    return effect, verdict, rule + target, _cells(matches)


def divergence(matches: list[Match], rules: Rules) -> Judged:
    counts = [_failed(one.at(one.chosen), ("diverged",)) for one in matches]
    exact = [_failed(one.exact, ("diverged",)) for one in matches]
    effect = _rates(counts, exact, rules)
    verdict, rule = _decide(effect, -rules["rate_margin"], "below", "")
    rule += (
        "; undecided where no exact run diverged and none was to be spared, unless the mode adds"
    )
    if not sum(failed for failed, _ in exact):
        verdict = "contradicted" if effect.low > 0 else "undecided"
    rule += f" some; Newcombe's interval, data sets pooled; {CHOSEN}"
    return effect, verdict, rule, _cells(matches)


def _failed(runs: pd.DataFrame, kinds: tuple[str, ...]) -> tuple[int, int]:
    """(runs that failed in one of the ways, all runs)."""
    return int(runs[list(kinds)].astype(bool).any(axis=1).sum()), len(runs)


def _rates(first: list[tuple[int, int]], second: list[tuple[int, int]], rules: Rules) -> Interval:
    return statistics.rate_difference(_pooled(first), _pooled(second), 1 - rules["alpha"])


def _pooled(counts: list[tuple[int, int]]) -> tuple[int, int]:
    return sum(failed for failed, _ in counts), sum(total for _, total in counts)


def spread(matches: list[Match], rules: Rules) -> Judged:
    pairs = []
    for one in matches:
        both = one.at(one.chosen)[["seed", "quality"]].merge(
            one.exact[["seed", "quality"]], on="seed"
        )
        both = both.dropna()
        enough(len(both), rules, f"{one.name(one.chosen)}, runs that survived in both")
        pairs.append((both["quality_x"].to_numpy(float), both["quality_y"].to_numpy(float)))
    logs = statistics.log_spread_interval(
        pairs,
        np.random.default_rng(rules["seed"]),
        level=1 - rules["alpha"],
        resamples=rules["resamples"],
    )
    effect = _exp(logs)
    verdict, rule = _decide(effect, _less(rules["spread_margin"]), "below", "")
    note = "seeds that survived in both, geometric mean over data sets, paired bootstrap"
    return effect, verdict, f"{rule}; {note}; {CHOSEN}", _cells(matches)


def accuracy(matches: list[Match], rules: Rules) -> Judged:
    samples = [differences(one, one.chosen, rules) for one in matches]
    effect = _mean(samples, rules)
    verdict, rule = _decide(effect, rules["equivalence_sds"], "above", " sds")
    flips = [
        statistics.sign_flip(sample, np.random.default_rng(rules["seed"]), rules["resamples"])
        for sample in samples
    ]
    adjusted = ", ".join(f"{p:.2g}" for p in statistics.holm(flips))
    margin = rules["equivalence_sds"]
    same = [max(statistics.below(x, margin), statistics.below(-x, margin)) for x in samples]
    note = (
        f"stratified bootstrap, capped at {rules['cap_sds']:g} sds, which a diverged run counts "
        f"as; sign-flip p by data set (Holm) {adjusted}; equivalence p "
        f"{', '.join(f'{p:.2g}' for p in same)}"
    )
    return effect, verdict, f"{rule}; {note}; {CHOSEN}", _cells(matches)


def _ends(matches: list[Match], end: int) -> list[tuple[Match, Cell]]:
    """Each match with its smallest (0) or largest (-1) ε, where that is not the chosen one."""
    pairs = [(one, one.steps()[end]) for one in matches if one.steps()]
    pairs = [(one, cell) for one, cell in pairs if cell[1] != one.chosen[1]]
    if not pairs:
        raise Missing("no ε of the range lies on that side of the one of least gradient error")
    return pairs


def end(matches: list[Match], rules: Rules, end: int) -> Judged:
    pairs = _ends(matches, end)
    effect = _mean([differences(one, cell, rules, one.chosen) for one, cell in pairs], rules)
    verdict, rule = _decide(effect, rules["equivalence_sds"], "above", " sds")
    note = (
        f"stratified bootstrap, capped at {rules['cap_sds']:g} sds, which a diverged run counts as"
    )
    return effect, verdict, f"{rule}; {note}; {CHOSEN}", _contrast(pairs)


def failures(matches: list[Match], rules: Rules) -> Judged:
    pairs, kinds = _ends(matches, -1), ("vanished", "diverged")
    far = [_failed(one.at(cell), kinds) for one, cell in pairs]
    near = [_failed(one.at(one.chosen), kinds) for one, _ in pairs]
    effect = _rates(far, near, rules)
    verdict, rule = _decide(effect, rules["rate_margin"], "above", "")
    return (
        effect,
        verdict,
        f"{rule}; Newcombe's interval, data sets pooled; {CHOSEN}",
        _contrast(pairs),
    )


def _contrast(pairs: list[tuple[Match, Cell]]) -> str:
    return "; ".join(f"{one.name(cell)} against ε={one.chosen[1]:g}" for one, cell in pairs)


def counted_cost(matches: list[Match], rules: Rules) -> Judged:
    ratios = [
        _claim_cost.forward_equivalents(one, True) / _claim_cost.forward_equivalents(one, False)
        for one in matches
    ]
    effect = Interval(*[float(np.exp(np.mean(np.log(ratios))))] * 3)
    verdict, rule = _decide(effect, _less(rules["cost_margin"]), "below", "")
    note = "counted, not sampled: the interval is a point; forward = 1, backward = 2"
    return effect, verdict, f"{rule}; {note}; geometric mean over data sets", _cells(matches)


def measured_cost(matches: list[Match], rules: Rules) -> Judged:
    logs = []
    for one in matches:
        mine, exact = _claim_cost.jobs(one, True), _claim_cost.jobs(one, False)
        common = mine.index.intersection(exact.index)
        logs += list(np.log(mine[common].to_numpy() / exact[common].to_numpy()))
    if len(logs) < 2:
        raise Missing("the table cost has fewer than two pairs of jobs with the same seeds")
    effect = _exp(statistics.t_interval(np.array(logs), 1 - rules["alpha"]))
    verdict, rule = _decide(effect, _less(rules["cost_margin"]), "below", "")
    note = f"geometric mean over {len(logs)} pairs of jobs with the same seeds, Student's interval"
    return effect, verdict, f"{rule}; {note}; {CHOSEN}", _cells(matches)


def good_range(matches: list[Match], rules: Rules) -> Judged:
    """Each ε stands for the stretch of the grid around it: its spacing in decades."""
    widths, texts = [], []
    for one in matches:
        cells = one.steps()
        if len(cells) < 2:
            raise Missing(f"fewer than two ε were run: {one.name(one.chosen)}")
        spacing = np.log10(cells[-1][1] / cells[0][1]) / (len(cells) - 1)
        good = _good([differences(one, cell, rules) for cell in cells], rules)
        widths.append([spacing * part.sum() for part in good])
        kept = [f"{cell[1]:g}" for cell, is_good in zip(cells, good[1], strict=True) if is_good]
        texts.append(
            f"{'/'.join(one.group)} {one.mode}: ε={', '.join(kept) or 'none'} shown as good"
        )
    point, sure, possible = np.mean(widths, axis=0)
    effect = Interval(float(point), float(sure), float(possible))
    certain, conceivable = np.array(widths)[:, 1], np.array(widths)[:, 2]
    verdict = "undecided"
    if (certain > 0).all():
        verdict = "supported"
    elif (conceivable == 0).all():
        verdict = "contradicted"
    rule = (
        f"an ε is as good as exact if the mean difference is under {rules['equivalence_sds']:g} of "
        f"exact's sds; supported if every data set has an ε shown to be (one-sided t, Holm over ε, "
        f"p < {rules['alpha']:g}), contradicted if every ε of every data set is shown not to be; "
        f"low: the range shown as good; high: the range not shown as bad; all ε are reported"
    )
    return effect, verdict, rule, "; ".join(texts)


def _good(samples: list[np.ndarray], rules: Rules) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per ε: good by its mean; shown as good; not shown as bad."""
    margin, alpha = rules["equivalence_sds"], rules["alpha"]
    point = np.array([sample.mean() < margin for sample in samples])
    shown = statistics.holm([statistics.below(sample, margin) for sample in samples]) < alpha
    bad = statistics.holm([statistics.below(-sample, -margin) for sample in samples]) < alpha
    return point, shown, ~bad
