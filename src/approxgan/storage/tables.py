"""The tables in results/tables and what their columns mean.

The order of the columns here is their order in the files; rows are sorted by the key columns.
"""

from __future__ import annotations

RUN = {
    "study": "name of the study in the config",
    "dataset": "name of the dataset in the config",
    "model": "name of the model in the config",
    "loss": "name of the loss",
    "mode": "gradient mode of both players, or generator's+discriminator's where they differ",
    "epsilon": "step ε in parameter units (the generator's, if it has one); missing for modes that "
    "take none and where a rule chose; a matched control has the step of what it is matched with",
    "rule": "how ε came about: fixed, the name of a rule, or empty without ε",
    "settings": "the mode's other settings, e.g. directions16, after a rule's name or what a "
    "control is matched with; empty when it has none",
    "own_settings": "the mode's own settings as a JSON map; a list of the generator's and the "
    "discriminator's where they differ",
    "matched_mode": "the mode that a control is matched with; empty for others",
    "matched_settings": "that mode's settings",
    **{
        f"{player}_{name}": f"the {player}'s own {name}"
        for player in ("generator", "discriminator")
        for name in ("mode", "epsilon", "settings")
    },
    "seed": "seed of the run: its start, batches, latents and directions",
}
PROBE = {
    "dataset": RUN["dataset"],
    "model": RUN["model"],
    "loss": RUN["loss"],
}
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
    "forwards_frozen": "passes of one network alone, made once a step for what the other player "
    "cannot change: the discriminator's fakes, and a generator's loss on real data",
    "backwards": "reverse passes so far: the sum of the next two",
    "backwards_discriminator": "reverse passes of the discriminator's loss",
    "backwards_generator": "reverse passes of the generator's loss",
}
TRAINING = {
    **RUN,
    "step": "training step, before its update (0 is the start)",
    "generator_loss": "the generator's loss on the step's batch",
    "discriminator_loss": "the discriminator's loss on the step's batch",
    "generator_gradient_norm": "‖ĝ‖ of the generator's estimate",
    "discriminator_gradient_norm": "‖ĝ‖ of the discriminator's estimate",
    **{
        f"{player}_{name}": f"{player}: {text}"
        for player in ("generator", "discriminator")
        for name, text in {
            "update_norm": "‖Δθ‖ of the step's update",
            "epsilon_used": "ε of the step (median over coordinates where a rule chose)",
            "exact_zeros": "share of pre-activations, all samples and layers up to the loss, that "
            "are exactly 0",
        }.items()
    },
    "discriminator_accuracy": "share of up to 512 true points that training never sees with a "
    "logit > 0, and of as many generated ones with a logit < 0, averaged",
    "discriminator_margin": "mean logit of the same true points − that of the generated ones",
    **{
        f"{player}_{name}": f"{player}: {text}"
        for player in ("generator", "discriminator")
        for name, text in ERRORS.items()
    },
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
    **{
        f"{player}_loss_{name}": text
        for player in ("generator", "discriminator")
        for name, text in {
            "mean": "mean over the traced steps of the second half of the run",
            "variance": "variance over the same steps",
            "period": "period, in steps, of the largest peak of the same losses' periodogram "
            "(linear trend removed); missing for fewer than 8 of them",
            "period_share": "share of the variance at that peak: near 0 there is no oscillation",
        }.items()
    },
    **COUNTS,
}
PROBED = {
    **PROBE,
    "mode": "gradient mode",
    "epsilon": RUN["epsilon"],
    "rule": RUN["rule"],
    "settings": RUN["settings"],
    "own_settings": RUN["own_settings"],
    **POINT,
    **{name: f"{text} (mean over draws)" for name, text in ERRORS.items()},
    "bias_squared": "unbiased estimate of ‖E ĝ − g‖² / ‖g‖² (may be negative)",
    "variance": "unbiased estimate of E‖ĝ − E ĝ‖² / ‖g‖²; 0 for modes that are not random",
    "draws": "number of repeated estimates; 1 for modes that are not random",
    "theory": "expected relative error in the smooth limit, √E‖ĝ − g‖²/‖g‖²; missing if unknown",
    "kink_crossing": "share of pre-activations whose sign differs between θ and the points that "
    "the estimate looks at (64 coordinates of a sweep); missing where it looks at θ alone",
    "chosen_epsilon": "ε used: median over coordinates where a rule chose",
    "chosen_low": "10 % quantile over coordinates of the ε used",
    "chosen_high": "90 % quantile over coordinates of the ε used",
    "forwards": "evaluations of the loss for one estimate, the choice of ε included (a "
    "Jacobian-vector product counts two)",
    "backwards": "reverse passes for one estimate",
}
"""What a probe's own files hold, besides the layer."""
GRADIENT_ERROR = {
    **PROBED,
    "chooses_epsilon": "whether the ε of highest median cosine is that of this precision "
    "(claims.probe_dtype)",
}
LAYER_ERROR = {
    **{k: v for k, v in PROBED.items() if k in {*PROBE, "mode", "epsilon", "rule"}},
    "settings": RUN["settings"],
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
    "is_primary": "whether it is the number that the claims are judged by (claims.metric)",
}
QUALITY_NULL = {
    "dataset": RUN["dataset"],
    "samples": "true samples that were compared with as many fresh ones: as a run's samples are",
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
    "index": "number of the sample: the same latents at every step and in every cell of the seed",
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
    "trained_steps": "training steps of all these seeds together; a seed that diverged has those "
    "up to then",
    "seconds": "wall seconds of the training loop, all seeds of the block together",
    "cpu_seconds": "processor seconds of the same",
    "peak_memory_mb": "peak resident memory of the job, MB",
    "sweep": "how sweeps were evaluated: direct, compiled, batched, plain (joined by +), or none",
}
DIRAC = {
    "game": "objective, order of the updates, and r1 with its γ, e.g. nonsaturating simultaneous",
    "mode": "gradient mode of both players",
    "epsilon": "step ε in parameter units; missing for modes that take none",
    "settings": "the mode's other settings, e.g. directions16; empty when it has none",
    "own_settings": "the same as a JSON map",
    "seed": "seed of the directions; 0 for modes that draw none",
    "step": "number of updates made",
    "generator": "θ, the generator's point",
    "discriminator": "ψ, the discriminator's slope",
    "expected_generator": "θ of exact gradient steps: the power of the linear map in closed form "
    "(wasserstein without r1), else iterates of the analytic gradient by NumPy",
    "expected_discriminator": "ψ of the same",
}
CELL = {name: text for name, text in RUN.items() if name in ("mode", "epsilon", "rule", "settings")}
COMPARISONS = {
    **{name: RUN[name] for name in ("study", "dataset", "model", "loss")},
    **CELL,
    "metric": "name of the number, at the last step",
    "better": QUALITY["better"],
    "family": "primary: the number that decides the claims; exploratory: the others",
    "seeds": "seeds in common with the baseline, exact, of the same study, data set, model and "
    "loss",
    "finite": "those of them for which both runs have the number",
    "mean": "mean of the number over the finite pairs",
    "baseline_mean": "the baseline's mean over the same",
    "difference": "mean − baseline_mean, in the number's unit",
    "difference_sds": "mean difference in the baseline's seed-to-seed standard deviations, each "
    "seed's capped; a run without the number (it diverged) counts as the cap, on the worse side, "
    "and is left out where neither way is worse",
    "low": "lower end of its interval: jackknife, so that the baseline's standard deviation is "
    "estimated anew without each seed, and Student's t",
    "high": "upper end of the same",
    "p": "of 'no difference': sign flips of the same capped differences, two-sided",
    "p_holm": "p adjusted by Holm over all primary rows of the study (its modes, steps ε, settings "
    "and data sets); missing for exploratory numbers",
    "p_equivalence": "of 'differs by the equivalence margin or more': two one-sided t tests with "
    "the same standard error",
    "floor": "noise floor: the difference_sds that a rounding error of the start alone causes by "
    "chance: quantile 1 − alpha of |mean| over bootstrap resamples of the control's differences "
    "from the baseline in the same group, not centred; missing where the control did not run with "
    "enough seeds",
    "beyond_floor": "whether |difference_sds| exceeds the floor; missing without a floor",
    "verdict": "better or worse: the whole interval lies beyond the equivalence margin and "
    "difference_sds beyond the floor; same: p_equivalence < alpha; undecided otherwise. Each row "
    "for itself, uncorrected: the table claims is corrected",
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
    "datasets": "the data sets of the study, all of which the cell was run on; two or more",
    "runs": "runs of the cell on all of them",
    "failed_share": "share of runs with score 0: diverged, or no better than untrained",
    "score": "interquartile mean over the runs of all data sets of (untrained − value) / "
    "(untrained − null), at the last step: 0 untrained, 1 true samples. Untrained: mean at step 0; "
    "null: mean of quality_null at as many samples. Below 0 counts as 0, as does a diverged run",
    "low": "lower end of its bootstrap interval, runs resampled within their data set",
    "high": "upper end of the same",
}
CLAIMS = {
    "claim": "C1 to C6",
    "mode": CELL["mode"],
    "measure": "name of what is measured",
    "unit": "unit of effect, low, high and bound: ratio (of the mode's to that of what it is "
    "compared with), share of runs or sds of exact (the mode's minus the other's), or decades",
    "against": "what the mode is compared with: exact; a matched control, with the settings that "
    "the match leaves open; or chosen_epsilon, itself at the ε of highest median cosine",
    "is_control": "whether that is a matched control: the row then asks for a gain over exact that "
    "the control does not share",
    "bound": "the margin that the config fixes, in the unit of the effect",
    "side": "on which side of the bound the claim says that the effect lies: below or above",
    "verdict": "supported: the effect is shown to lie on that side of the bound (p_holm < alpha); "
    "no relevant effect: it is shown not to; contradicted: it is shown to lie on the other side of "
    "no effect at all (1 of a ratio, 0 of others); undecided otherwise",
    "reason_code": "ok; lack_of_data: the note says what is missing; no_gain: there is no gain "
    "over exact that a control could share, and the verdict over exact stands; no_interval: too "
    "few runs for one; none_to_spare: no run of the other diverged, so that none could be spared",
    "effect": "the number the verdict rests on; positive or above 1 is more",
    "low": "lower end of its interval",
    "high": "upper end of the same",
    "interval_kind": "how the interval was made. Of the level 1 − alpha, uncorrected: jackknife "
    "(each seed left out, Student's t), t (Student's, over pairs of jobs), newcombe (rates). "
    "count: counted, not sampled; a point. holm_range: no confidence interval but the range of ε "
    "shown to be good, and of those not shown to be bad",
    "error": "standard error of the effect, or of the logarithm of a ratio; missing if it has none",
    "freedom": "degrees of freedom of the Student's t that it is tested by; missing for others",
    "p": "two-sided, of 'the effect is the bound'; over a control the larger of this and the same "
    "over exact where there is a gain, else that over exact",
    "p_holm": "p adjusted by Holm over all rows of the table but the counted ones: a false verdict "
    "anywhere in it is as rare as alpha",
    "is_timed": "whether the machine decides the number: it is of seconds",
    "runs": "runs of the mode in the comparison",
    "censored": "those of them that never reached the target: with any, the effect is at least "
    "this",
    "datasets": "names of the data sets it rests on, separated by ', '",
    "cells": "the runs it rests on, in words",
    "note": "how the number is made, what was left out, or what is missing, in words",
}

COLUMNS: dict[str, dict[str, str]] = {
    "training": TRAINING,
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
    "comparisons": COMPARISONS,
    "aggregates": AGGREGATES,
    "claims": CLAIMS,
}

JUDGED = ("comparisons", "aggregates", "claims")
"""Tables that are made from other tables; the others are gathered from results."""
