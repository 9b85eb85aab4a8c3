"""The tables in results/tables, what their columns mean, and how they are read.

The order of the columns here is their order in the files; rows are sorted by the key columns.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from approxgan.core.errors import InputError
from approxgan.storage import files

if TYPE_CHECKING:
    import pandas as pd


def _by_player(columns: Mapping[str, str]) -> dict[str, str]:
    return {
        f"{player}_{name}": f"{player}: {text}"
        for player in ("generator", "discriminator")
        for name, text in columns.items()
    }


RUN = {
    "study": "name of the study in the config",
    "dataset": "name of the dataset in the config",
    "model": "name of the model in the config",
    "loss": "name of the loss",
    "mode": "gradient mode of both players, or generator's+discriminator's where they differ",
    "epsilon": "step ε in parameter units (the generator's, if it has one), a matched control's "
    "that of its match; missing without ε and where a rule chose",
    "rule": "how ε came about: fixed, the name of a rule, or empty without ε",
    "settings": "other settings, e.g. directions16, after the name of the rule or matched mode",
    "own_settings": "the mode's own settings as a JSON map; where players differ, a list of both",
    "matched_mode": "the mode that a control is matched with; empty for others",
    "matched_settings": "that mode's settings",
    **_by_player({"mode": "its mode", "epsilon": "its ε", "settings": "its settings"}),
    "learning_rate": "Adam's, of both players",
    "dtype": "precision of the training",
    "budget": "what the run may spend, in the unit that the table cost tells; missing where steps "
    "are counted",
    "varied": "what this cell changes of its study's training, as a JSON map; empty for nothing",
    "tuned": "what was chosen for it on other seeds, as a JSON map; empty for nothing",
    "seed": "seed of the run: its start, batches, latents and directions",
}
TUNING = {
    **{key: RUN[key] for key in ("study", "dataset", "model", "loss", "mode")},
    "settings": "the entry's own settings, with 'tuned' for what is decided here",
    "values": "what was tried, as a JSON map",
    "score": "median over the selection seeds of claims.metric at the end, or of the "
    "study's number in claims.no_gradient.distances; missing if half failed",
    "seeds": "number of selection seeds",
    "failed": "how many of them have no score",
    "chosen": "whether this try was chosen",
    "at_end": "axes of which the chosen value is the first or the last, with commas",
}
PROBE = {name: RUN[name] for name in ("dataset", "model", "loss")}
CELL = {name: RUN[name] for name in ("mode", "epsilon", "rule", "settings")}
ERRORS = {
    "relative_error": "‖ĝ − g‖ / ‖g‖, g by autograd in float64 at the same θ, batch and latents",
    "cosine": "cosine similarity of ĝ and g; missing where either is zero",
    "sign_agreement": "share of coordinates with ĝ ≠ 0 and g ≠ 0 that agree in sign",
    "zero_fraction": "share of exactly zero entries of ĝ",
    "norm_ratio": "‖ĝ‖ / ‖g‖",
}
POINT = {
    "dtype": "precision the estimate was computed in",
    "player": "generator or discriminator",
    "seed": "seed of the exact trajectory",
    "step": "training step of the trajectory at which the point was taken",
}
COUNTS = {
    "forwards": "evaluations so far: the sum of the next three",
    "forwards_discriminator": "evaluations of the discriminator's loss, choices of ε included",
    "forwards_generator": "evaluations of the generator's loss, choices of ε included",
    "forwards_frozen": "passes of one network alone, once a step, for what a player cannot change",
    "backwards": "reverse passes so far: the sum of the next two",
    "backwards_discriminator": "reverse passes of the discriminator's loss",
    "backwards_generator": "reverse passes of the generator's loss",
    "calls": "samples that the generator has made so far: the sum of the next two",
    "calls_discriminator": "samples made for the discriminator's loss: its fakes",
    "calls_generator": "samples made for the generator's estimates, choices of ε included: a batch "
    "for each evaluation, even where the random draws are the same",
    "judged": "rows that the discriminator has judged so far: the sum of the next two",
    "judged_discriminator": "rows judged for its own estimates, real and fake",
    "judged_generator": "rows judged for the generator's estimates",
}
TRAINING = {
    **RUN,
    "step": "training step, before its update (0 is the start)",
    "generator_loss": "the generator's loss on the step's batch",
    "discriminator_loss": "the discriminator's loss on the step's batch",
    "generator_gradient_norm": "‖ĝ‖ of the generator's estimate",
    "discriminator_gradient_norm": "‖ĝ‖ of the discriminator's estimate",
    **_by_player(
        {
            "update_norm": "‖Δθ‖ of the step's update",
            "epsilon_used": "ε of the step (median over coordinates where a rule chose)",
            "exact_zeros": "share of all pre-activations up to the loss that are exactly 0",
        }
    ),
    "discriminator_accuracy": "share of up to 512 unseen true points with a logit > 0, and of as "
    "many generated ones with a logit < 0, averaged",
    "discriminator_margin": "mean logit of the same true points − that of the generated ones",
    **_by_player(ERRORS),
    **COUNTS,
}
OF_A_STEP = ("step", *COUNTS)
OF_A_SEED = tuple(name for name in TRAINING if name not in (*RUN, *OF_A_STEP))
OUTCOMES = {
    **RUN,
    "steps": "training steps asked for",
    "diverged": "whether a loss or parameter became non-finite or |loss| passed the threshold",
    "diverged_step": "the step at which it did; missing if it did not",
    "vanished": "whether a player's gradient norm stayed under the threshold for the set stretch",
    "vanished_step": "the first step of the first such stretch; missing if there was none",
    "vanished_player": "the player whose gradient vanished first; empty if none did",
    **_by_player(
        {
            "loss_mean": "mean loss over the traced steps of the second half of the run",
            "loss_variance": "variance over the same steps",
            "loss_period": "period, in steps, of the largest peak of the same losses' periodogram "
            "(linear trend removed); missing for fewer than 8 of them",
            "loss_period_share": "share of the variance at that peak: near 0, no oscillation",
        }
    ),
    **COUNTS,
}
PROBED = {
    **PROBE,
    **CELL,
    "own_settings": RUN["own_settings"],
    **POINT,
    **{name: f"{text} (mean over draws)" for name, text in ERRORS.items()},
    "bias_squared": "unbiased estimate of ‖E ĝ − g‖² / ‖g‖² (may be negative)",
    "variance": "unbiased estimate of E‖ĝ − E ĝ‖² / ‖g‖²; 0 for modes that are not random",
    "draws": "number of repeated estimates; 1 for modes that are not random",
    "theory": "expected relative error in the smooth limit, √E‖ĝ − g‖²/‖g‖²; missing if unknown",
    "kink_crossing": "share of pre-activations whose sign differs between θ and the points of the "
    "estimate (64 coordinates of a sweep); missing where it looks at θ alone",
    "chosen_epsilon": "ε used: median over coordinates where a rule chose",
    "chosen_low": "10 % quantile over coordinates of the ε used",
    "chosen_high": "90 % quantile over coordinates of the ε used",
    "forwards": "evaluations of the loss for one estimate, the choice of ε included",
    "backwards": "reverse passes for one estimate",
    "calls": "samples that the generator makes for it; 0 for the discriminator's, whose fakes stay",
    "judged": "rows that the discriminator judges for it",
}
"""What a probe's own files hold, besides the layer."""
GRADIENT_ERROR = {
    **PROBED,
    "chooses_epsilon": "whether ε of highest median cosine is chosen in this precision",
}
LAYER_ERROR = {
    **PROBE,
    **CELL,
    **POINT,
    "layer": "number of the layer, weights and biases together, 0 nearest to the player's input",
    **{name: PROBED[name] for name in ERRORS},
}
PROBE_POINTS = {
    **PROBE,
    **POINT,
    "dimension": "number of parameters of the player",
    "value": "the loss at the point",
    "gradient_norm": "‖g‖ by autograd in float64",
    "curvature_norm": "‖(f''_ii)_i‖ by second central differences in float64",
    "exact_zeros": "share of pre-activations that are exactly 0 in the dtype",
    "roundoff": "unit roundoff u of the dtype: 2^-24 for float32, 2^-53 for float64",
}
SCORED = {
    "step": "training step of the snapshot",
    "samples": "samples that were compared with as many fresh true ones",
    "metric": "name of the number",
    "value": "its value; missing for a run that had diverged by then",
}
"""What a cell's own file of scores holds, besides the seed."""
QUALITY = {
    **RUN,
    **SCORED,
    "better": "which way the number is better: lower, higher, or neither",
    "is_primary": "whether the claims are judged by this number (claims.metric)",
}
QUALITY_NULL = {
    "dataset": RUN["dataset"],
    "samples": "true samples that were compared with as many fresh ones, as a run's samples are",
    "metric": "name of the number",
    "repeat": "number of the repeat",
    "value": "its value: what a perfect generator would score",
}
SAMPLES = {
    **RUN,
    "step": "training step of the snapshot",
    "index": "number of the sample",
    "x": "first coordinate, in data units; where a dataset has a view, the view's first",
    "y": "second coordinate, likewise",
}
EVOLUTION = {
    **SAMPLES,
    "index": "number of the sample: of the same latents at every step and in every cell",
}
IMAGES = {
    **{name: f"{text}; empty or missing for true images" for name, text in RUN.items()},
    "dataset": RUN["dataset"],
    "step": "training step of the snapshot; -1 for true images",
    "index": "number of the image",
    "row": "row of the pixel, from the top",
    "column": "column of the pixel, from the left",
    "value": "value of the pixel, in data units",
}
DATA = {
    "dataset": RUN["dataset"],
    "source": "training: the points that training sees; true: fresh draws of the density",
    "index": "number of the point",
    "x": SAMPLES["x"],
    "y": SAMPLES["y"],
}
COST = {
    **{name: text for name, text in RUN.items() if name != "seed"},
    "first_seed": "first of the block of seeds that the job trained together",
    "last_seed": "last of the same",
    "trained_steps": "training steps of these seeds, added up; a diverged seed's up to divergence",
    "seconds": "wall seconds of the training loop, all seeds of the block together",
    "cpu_seconds": "processor seconds of the same",
    "budget_unit": "what its budget counts: forward_equivalents; calls of the generator by the "
    "study's own account; seconds of one core a seed, by the timing of a few steps (budget ÷ steps "
    "is what a step was timed at); empty without a budget",
    "peak_memory_mb": "peak resident memory of the job, MB",
    "dimension": "number of parameters of the generator; missing where a run has not kept it",
    "sweep": "how sweeps were evaluated: direct, compiled, batched, plain, stacked (joined by +), "
    "or none",
}
DIRAC = {
    "game": "objective, order of the updates, and r1 with its γ, e.g. nonsaturating simultaneous",
    **{name: RUN[name] for name in ("mode", "epsilon", "settings", "own_settings")},
    "seed": "seed of the directions; 0 for modes that draw none",
    "step": "number of updates made",
    "generator": "θ, the generator's point",
    "discriminator": "ψ, the discriminator's slope",
    "expected_generator": "θ of exact gradient steps, in closed form or by the analytic gradient",
    "expected_discriminator": "ψ of the same",
}
GUESTS = {
    "guest": "name of the guest: samples of a training that is not part of this experiment",
    "dataset": RUN["dataset"],
    "loss": "what its loss is called; empty if not told",
    "cost": "forward-equivalents that a seed of it spent; missing if not told",
    "seed": "number of the training among the guest's, from 0",
    **{name: text for name, text in SCORED.items() if name != "step"},
    "value": "its value; missing for samples that are not finite",
    "better": QUALITY["better"],
    "is_primary": "whether it is the number that decides the claims, in which no guest counts",
}
GUEST_SAMPLES = {
    "guest": GUESTS["guest"],
    **{name: SAMPLES[name] for name in ("dataset", "index", "x", "y")},
}
COMPARISONS = {
    **{name: RUN[name] for name in ("study", "dataset", "model", "loss")},
    **CELL,
    "metric": "name of the number, at the last step",
    "better": QUALITY["better"],
    "family": "primary: the number that decides the claims; exploratory: the others",
    "seeds": "seeds shared with the baseline, exact, of the same study, data set, model and loss",
    "finite": "those of them for which both runs have the number",
    "mean": "mean of the number over the finite pairs",
    "baseline_mean": "the baseline's mean over the same",
    "difference": "mean − baseline_mean, in the number's unit",
    "difference_sds": "mean difference in the baseline's standard deviations over seeds, each "
    "seed's capped; a diverged run counts as the cap, on the worse side, or is left out where "
    "neither side is worse",
    "low": "lower end of its interval: jackknife over seeds and Student's t",
    "high": "upper end of the same",
    "p": "of 'no difference': sign flips of the same capped differences, two-sided",
    "p_holm": "p adjusted by Holm over all primary rows of the study; missing for others",
    "p_equivalence": "of 'differs by the equivalence margin or more': two one-sided t tests with "
    "the same standard error",
    "floor": "noise floor: the difference_sds that a rounding error of the start causes by chance; "
    "quantile 1 − alpha of |mean| over bootstrap resamples of the control's differences in the "
    "same group, not centred; missing where the control lacks seeds",
    "beyond_floor": "whether |difference_sds| exceeds the floor; missing without a floor",
    "verdict": "better or worse: the whole interval lies beyond the equivalence margin, and "
    "difference_sds beyond the floor; same: p_equivalence < alpha; undecided otherwise. Not "
    "corrected for many rows: the table claims is",
    "reason": "what decided, or what is missing",
    "runs": "runs of the cell, also those without a partner",
    **{
        f"{whose}diverged_{name}": text
        for whose in ("", "baseline_")
        for name, text in {
            "share": "share of the cell's runs that diverged, or of the baseline's",
            "low": "lower end of its Wilson interval",
            "high": "upper end of the same",
        }.items()
    },
}
AGGREGATES = {
    **{name: RUN[name] for name in ("study", "model", "loss")},
    **CELL,
    "metric": "name of the number that the scores are made of: the one that decides the claims",
    "datasets": "the data sets of the study, two or more; the cell was run on all of them",
    "runs": "runs of the cell on all of them",
    "failed_share": "share of runs with score 0: diverged, or no better than untrained",
    "score": "interquartile mean over all runs of (untrained − value) / (untrained − null) at the "
    "last step: 0 untrained (mean at step 0), 1 true samples (mean of quality_null). Diverged runs "
    "and scores below 0 count as 0",
    "low": "lower end of its bootstrap interval, runs resampled within their data set",
    "high": "upper end of the same",
}
CLAIMS = {
    "scope": "article: the article's own experiment, the studies in claims.own_experiment; other: "
    "other data and networks",
    "claim": "C1 to C7",
    "reading": "same_steps: as the article does it, same optimiser and number of steps; "
    "equal_cost: each at its best, at the smallest budget of the study, in its unit; "
    "epsilon or learning_rate: what the article's step is read as; equal_calls: generators without "
    "a gradient, each mode at its best, after as many simulated samples",
    "mode": CELL["mode"],
    "measure": "name of what is measured",
    "unit": "unit of effect, low, high and bound: ratio (mode's / other's), share of runs, sds of "
    "exact (both mode's − other's), or decades",
    "dtype": "precision of the mode's runs",
    "against": "what the mode is compared with: exact; a matched control, with the settings that "
    "the match leaves open; own_step, itself at the ε of highest median cosine or at the learning "
    "rate of the study; best_step, itself at the best other step by the median of the same runs; "
    "reference, the gradient that knows the generator; best_other, the best other mode that knows "
    "samples alone, by the median of the same runs",
    "is_control": "whether that is a control, whose gain over exact the mode must exceed",
    "bound": "the margin that the config fixes, in the unit of the effect",
    "side": "the side of the bound on which the claim puts the effect: below or above",
    "verdict": "supported: the effect is shown to lie on that side of the bound (p_holm < alpha); "
    "no relevant effect: it is shown not to; contradicted: it is shown to lie on the other side of "
    "no effect (1 of a ratio, 0 of others); undecided otherwise",
    "reason_code": "ok; lack_of_data: the note says what is missing; no_gain: no gain over exact "
    "that a control could share, so that the verdict over exact stands; no_interval: too few runs "
    "for one; none_to_spare: no run of the other diverged",
    "effect": "the number the verdict rests on; positive or above 1 is more",
    "low": "lower end of its interval",
    "high": "upper end of the same",
    "mode_value": "what is measured of the mode, uncapped, in its own unit: claims.metric, steps, "
    "forward-equivalents, processor seconds, share of runs, variance of a loss; median over runs "
    "(of a spread the sd, of a rate the share), mean over data sets, geometric for ratios; "
    "infinite where the median run never reaches the target or diverges",
    "other_value": "the same of what it is compared with",
    "interval_kind": "how the interval was made. At level 1 − alpha, uncorrected: jackknife (over "
    "seeds, Student's t), t (Student's, over pairs of jobs), newcombe (rates), bonferroni (the "
    "largest of several effects, at a level that holds for all). count: no sampling, a point. "
    "holm_range: the range of steps shown to be good, and of those not shown to be bad",
    "error": "standard error of the effect, or of the logarithm of a ratio; missing if it has none",
    "freedom": "degrees of freedom of the Student's t that it is tested by; missing for others",
    "p": "two-sided, of 'the effect is the bound'. Over a control: the larger of this and that "
    "over exact where there is a gain, else that over exact",
    "p_holm": "p adjusted by Holm over all rows of the table but the counted ones: the chance of "
    "any false verdict in it is at most alpha",
    "is_timed": "whether the number is of seconds: the machine decides it",
    "runs": "runs of the mode in the comparison",
    "censored": "those that never reached the target, and count as claims.never_runs whole runs: "
    "with any, the effect rests on that rule",
    "capped": "pairs of runs whose difference is at the cap: without it the effect would be larger",
    "datasets": "names of the data sets it rests on, separated by ', '",
    "cells": "the runs it rests on, in words",
    "note": "how the number is made, what was left out, or what is missing, in words",
}
EPSILON_RULES = {
    **{name: RUN[name] for name in ("study", "dataset", "model", "loss", "mode")},
    "rule": "how ε was chosen without an exact gradient: a step rule, or tuned, by trying on other "
    "seeds",
    **_by_player({"epsilon": "the ε it landed at: median over runs and traced steps"}),
    "forward_equivalents": "evaluations of one training step, a reverse pass counting as two",
    "cost_ratio": "that ÷ the same at the best fixed ε",
    "runs_before": "runs on other seeds that were trained to choose it",
    "best_epsilon": "the fixed ε of best median quality (claims.metric) by the judged runs",
    "quality": "median quality of the runs whose ε was so chosen",
    "best_quality": "that at the best fixed ε",
    "loss_sds": "mean difference of the two in exact's seed-to-seed sds, each seed's capped; "
    "positive is worse",
    "low": "lower end of its interval: jackknife, uncorrected",
    "high": "upper end of the same",
    "runs": "seeds in common",
}

NO_GRADIENT = {
    **{name: RUN[name] for name in ("study", "dataset", "model", "loss")},
    "mode": "gradient mode of the generator",
    "epsilon": "its step ε; missing without one",
    "noise": "draws of the evaluations that it takes differences of: common or fresh; empty for "
    "modes that take none",
    "at": "where it takes them: parameters, or sample by sample at the output; empty for none",
    "own_settings": "its settings as a JSON map",
    "needs": "what it must know of the generator: nothing but samples (empty), log_prob, relaxed, "
    "expected, the likelihood of data, or the gradient",
    "is_tuned": "whether settings of it were chosen on other seeds",
    "budget": "that of its runs, for which its settings were chosen; missing without one",
    "is_smooth": "whether the generator of the study has a gradient",
    "dimension": COST["dimension"],
    "metric": "the distance to the truth by which the study is tuned and judged",
    "calls": "simulated samples that were spent",
    "calls_per_step": "simulated samples of one training step",
    "seeds": "number of runs",
    "distance": "geometric mean over seeds of the distance, linear between snapshots; a run that "
    "diverged counts as its start, and distances under the mean of perfect samples as that",
    "low": "lower end of its interval: Student's, of the logarithm",
    "high": "upper end of the same",
    "ratio": "distance ÷ that of the reference, the gradient that knows the generator, after as "
    "many calls; geometric mean over common seeds; missing for the reference itself",
    "ratio_low": "lower end of its interval: jackknife over seeds",
    "ratio_high": "upper end of the same",
    "best_of": "of least median distance among the ways that know nothing but samples, where the "
    "same draws can be had twice (common), or only new ones (fresh); and among all estimates "
    "from samples (all)",
}
NOISE_LAWS = {
    **PROBE,
    **{name: NO_GRADIENT[name] for name in ("mode", "noise", "at", "own_settings", "is_smooth")},
    "slope": "of the logarithm of the root mean square error by that of ε, over the probed steps "
    "up to claims.no_gradient.law_below",
    "low": "lower end of its interval: jackknife over trajectories",
    "high": "upper end of the same",
    "expected": "what theory expects: 0 of smooth losses, -0.5 of steps with common draws, -1 with "
    "fresh ones; of estimates whose noise grows with 1/ε -1",
    "epsilon": "the probed step of least error",
    "error": "the root mean square error there, relative to the length of the expected gradient",
    "calls": "simulated samples of one estimate",
    "points": "points of trajectories",
}

COLUMNS: dict[str, dict[str, str]] = {
    "training": TRAINING,
    "tuning": TUNING,
    "outcomes": OUTCOMES,
    "gradient_error": GRADIENT_ERROR,
    "layer_error": LAYER_ERROR,
    "probe_points": PROBE_POINTS,
    "quality": QUALITY,
    "quality_null": QUALITY_NULL,
    "samples": SAMPLES,
    "evolution": EVOLUTION,
    "images": IMAGES,
    "data": DATA,
    "dirac": DIRAC,
    "cost": COST,
    "guests": GUESTS,
    "guest_samples": GUEST_SAMPLES,
    "comparisons": COMPARISONS,
    "aggregates": AGGREGATES,
    "claims": CLAIMS,
    "epsilon_rules": EPSILON_RULES,
    "no_gradient": NO_GRADIENT,
    "noise_laws": NOISE_LAWS,
}

JUDGED = ("comparisons", "aggregates", "claims", "epsilon_rules", "no_gradient", "noise_laws")
"""Tables that are made from other tables; the others are gathered from results."""

TEXTS = {
    *(n for n in RUN if not n.endswith(("epsilon", "seed", "learning_rate", "budget"))),
    *("dtype", "player", "vanished_player", "metric", "source", "game", "sweep", "datasets"),
    *("budget_unit", "better", "family", "verdict", "reason", "claim", "measure", "unit"),
    *("values", "at_end", "scope", "reading"),
    "guest",
    *("noise", "at", "needs", "best_of"),
    *("against", "side", "reason_code", "interval_kind", "cells", "note"),
}
"""Columns that may hold texts; all others hold numbers."""


def table_in(folder: Path, name: str) -> pd.DataFrame:
    """One of the documented tables, from a folder of them."""
    return read_table(folder / f"{name}.parquet", COLUMNS[name])


def read_table(path: Path, columns: Collection[str]) -> pd.DataFrame:
    """A table; ``InputError`` for one without ``columns``, or with texts in place of numbers."""
    table = files.read_table(path, columns)
    for name in columns:
        if name in TEXTS or table[name].dtype.kind in "biuf":
            continue
        strange = [value for value in table[name] if isinstance(value, str | bytes | list | dict)]
        if strange:
            raise InputError(
                f"{path}: column {name!r} holds {strange[0]!r}; numbers are accepted; {files.MAKE}"
            )
    return table
