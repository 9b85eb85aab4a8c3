"""The ways of judging: matched runs -> effect, verdict, the rule that decided, the runs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from approxgan.analysis import statistics
from approxgan.analysis.statistics import Interval
from approxgan.claims import cost as _claim_cost
from approxgan.claims.matching import Cell, Match, Missing, Rules, differences
from approxgan.claims.stability import Sides, rates
from approxgan.claims.verdict import CHOSEN, Judged, cells, decide, exp, less, mean


def speed(matches: list[Match], rules: Rules, cost: Callable[[Match, bool], float]) -> Judged:
    logs = [
        (_claim_cost.budgets(one, rules) + np.log(cost(one, True) / cost(one, False))).to_numpy()
        for one in matches
    ]
    effect = exp(mean(logs, rules))
    verdict, rule = decide(effect, less(rules["speed_margin"]), "below", "")
    target = (
        f"; target: exact's median final {rules['metric']} + {rules['equivalence_sds']:g} of its "
        f"seed-to-seed sd, between snapshots by interpolation; never reached counts as "
        f"{rules['never_runs']:g} whole runs; geometric mean over seeds and data sets; {CHOSEN}"
    )
    return Judged(effect, verdict, rule + target, cells(matches))


def accuracy(matches: list[Match], rules: Rules) -> Judged:
    samples = [differences(one, one.chosen, rules) for one in matches]
    effect = mean(samples, rules)
    verdict, rule = decide(effect, rules["equivalence_sds"], "above", " sds")
    flips = [
        statistics.sign_flip(sample, np.random.default_rng(rules["seed"]), rules["resamples"])
        for sample in samples
    ]
    adjusted = ", ".join(f"{p:.2g}" for p in statistics.holm(flips))
    margin = rules["equivalence_sds"]
    same = [statistics.equivalence(sample, margin) for sample in samples]
    note = (
        f"stratified bootstrap, capped at {rules['cap_sds']:g} sds, which a diverged run counts "
        f"as; sign-flip p by data set (Holm) {adjusted}; equivalence p "
        f"{', '.join(f'{p:.2g}' for p in same)}; chaos floor (sds) "
        f"{', '.join(map(_floor, matches))}"
    )
    return Judged(effect, verdict, f"{rule}; {note}; {CHOSEN}", cells(matches))


def _floor(one: Match) -> str:
    return "not measured" if np.isnan(one.floor) else f"{one.floor:.2g}"


def _ends(matches: list[Match], end: int) -> list[tuple[Match, Cell]]:
    """Each match with its smallest (0) or largest (-1) ε, where that is not the chosen one."""
    pairs = [(one, one.steps()[end]) for one in matches if one.steps()]
    pairs = [(one, cell) for one, cell in pairs if cell[1] != one.chosen[1]]
    if not pairs:
        raise Missing("no ε of the range lies on that side of the one of least gradient error")
    return pairs


def end(matches: list[Match], rules: Rules, end: int) -> Judged:
    pairs = _ends(matches, end)
    effect = mean([differences(one, cell, rules, one.chosen) for one, cell in pairs], rules)
    verdict, rule = decide(effect, rules["equivalence_sds"], "above", " sds")
    note = (
        f"stratified bootstrap, capped at {rules['cap_sds']:g} sds, which a diverged run counts as"
    )
    return Judged(effect, verdict, f"{rule}; {note}; {CHOSEN}", _contrast(pairs))


def failures(matches: list[Match], rules: Rules) -> Judged:
    pairs = _ends(matches, -1)
    sides = [Sides(one.at(cell), one.at(one.chosen), one.name(cell)) for one, cell in pairs]
    effect = rates(sides, rules, ("vanished", "diverged"))
    verdict, rule = decide(effect, rules["rate_margin"], "above", "")
    note = "Newcombe's interval, data sets pooled"
    return Judged(effect, verdict, f"{rule}; {note}; {CHOSEN}", _contrast(pairs))


def _contrast(pairs: list[tuple[Match, Cell]]) -> str:
    return "; ".join(f"{one.name(cell)} against ε={one.chosen[1]:g}" for one, cell in pairs)


def counted_cost(matches: list[Match], rules: Rules) -> Judged:
    ratios = [
        _claim_cost.forward_equivalents(one, True) / _claim_cost.forward_equivalents(one, False)
        for one in matches
    ]
    effect = Interval(*[float(np.exp(np.mean(np.log(ratios))))] * 3)
    verdict, rule = decide(effect, less(rules["cost_margin"]), "below", "")
    note = "counted, not sampled: the interval is a point; forward = 1, backward = 2"
    return Judged(effect, verdict, f"{rule}; {note}; geometric mean over data sets", cells(matches))


def measured_cost(matches: list[Match], rules: Rules) -> Judged:
    logs = []
    for one in matches:
        mine, exact = _claim_cost.jobs(one, True), _claim_cost.jobs(one, False)
        common = mine.index.intersection(exact.index)
        logs += list(np.log(mine[common].to_numpy() / exact[common].to_numpy()))
    if len(logs) < 2:
        raise Missing("the table cost has fewer than two pairs of jobs with the same seeds")
    effect = exp(statistics.t_interval(np.array(logs), 1 - rules["alpha"]))
    verdict, rule = decide(effect, less(rules["cost_margin"]), "below", "")
    note = f"geometric mean over {len(logs)} pairs of jobs with the same seeds, Student's interval"
    return Judged(effect, verdict, f"{rule}; {note}; {CHOSEN}", cells(matches))


def good_range(matches: list[Match], rules: Rules) -> Judged:
    """Each ε stands for the stretch of the grid around it; a single ε is no range."""
    widths, texts = [], []
    ranges = [one for one in matches if len(one.steps()) > 1]
    if not ranges:
        alone = "; ".join(one.name(one.chosen) for one in matches)
        raise Missing(f"fewer than two ε were run: {alone}")
    for one in ranges:
        steps = one.steps()
        stretch = _stretches(np.array([epsilon for _, epsilon in steps]))
        good = _good([differences(one, cell, rules) for cell in steps], rules)
        widths.append([stretch[part].sum() for part in good])
        kept = [f"{cell[1]:g}" for cell, is_good in zip(steps, good[1], strict=True) if is_good]
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
    if alone := [one.name(one.chosen) for one in matches if len(one.steps()) < 2]:
        rule += f"; left out, as one ε is no range: {'; '.join(alone)}"
    return Judged(effect, verdict, rule, "; ".join(texts))


def _stretches(epsilons: np.ndarray) -> np.ndarray:
    """Decades from halfway to the ε before to halfway to the next; the ends' reach as far out."""
    gaps = np.diff(np.log10(epsilons))
    padded = np.concatenate([gaps[:1], gaps, gaps[-1:]])
    return (padded[:-1] + padded[1:]) / 2


def _good(samples: list[np.ndarray], rules: Rules) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per ε: good by its mean; shown as good; not shown as bad."""
    margin, alpha = rules["equivalence_sds"], rules["alpha"]
    point = np.array([sample.mean() < margin for sample in samples])
    shown = statistics.holm([statistics.below(sample, margin) for sample in samples]) < alpha
    bad = statistics.holm([statistics.below(-sample, -margin) for sample in samples]) < alpha
    return point, shown, ~bad
