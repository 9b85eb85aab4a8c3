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
    "take none and where a rule chose; a matched control's is that of what it is matched with",
    "rule": "how ε came about: fixed, the name of a rule, or empty without ε",
    "settings": "the mode's other settings, e.g. directions16, after a rule's name or what a "
    "control is matched with; empty when it has none",
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
    "forwards": "evaluations of a player's loss so far, both players together",
    "backwards": "reverse passes so far, both players together",
}
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
    "forwards": TRAINING["forwards"],
    "backwards": TRAINING["backwards"],
}
GRADIENT_ERROR = {
    **PROBE,
    "mode": "gradient mode",
    "epsilon": RUN["epsilon"],
    "rule": RUN["rule"],
    "settings": RUN["settings"],
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
LAYER_ERROR = {
    **{k: v for k, v in GRADIENT_ERROR.items() if k in {*PROBE, "mode", "epsilon", "rule"}},
    "settings": RUN["settings"],
    **POINT,
    "layer": "number of the layer, weights and biases together, 0 nearest to the player's input",
    **{name: GRADIENT_ERROR[name] for name in ERRORS},
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
QUALITY = {
    **RUN,
    "step": "training step of the snapshot",
    "metric": "name of the number",
    "value": "its value; missing for a run that had diverged by then",
}
QUALITY_NULL = {
    "dataset": RUN["dataset"],
    "metric": "name of the number",
    "repeat": "number of the repeat: fresh true samples against fresh true samples",
    "value": "its value: what a perfect generator would score",
}
SAMPLES = {
    **RUN,
    "step": "training step of the snapshot",
    "index": "number of the sample",
    "x": "first coordinate, in data units; where a dataset has a view, the view's first",
    "y": "second coordinate, likewise",
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
    "seeds": "the block of seeds that the job trained together, first-last",
    "seconds": "wall seconds of the training loop, all seeds of the block together",
    "cpu_seconds": "processor seconds of the same",
    "peak_memory_mb": "peak resident memory of the job, MB",
    "sweep": "how coordinate sweeps were evaluated: compiled, batched, plain, or none",
}
DIRAC = {
    "game": "objective, order of the updates, and r1 with its γ, e.g. nonsaturating simultaneous",
    "mode": "gradient mode of both players",
    "epsilon": "step ε in parameter units; missing for modes that take none",
    "settings": "the mode's other settings, e.g. directions16; empty when it has none",
    "seed": "seed of the directions; 0 for modes that draw none",
    "step": "number of updates made",
    "generator": "θ, the generator's point",
    "discriminator": "ψ, the discriminator's slope",
    "expected_generator": "θ of exact gradient steps: the power of the linear map in closed form "
    "(wasserstein without r1), else iterates of the analytic gradient by NumPy",
    "expected_discriminator": "ψ of the same",
}
CLAIMS = {
    "claim": "C1 to C6",
    "statement": "what the article says",
    "verdict": "supported, contradicted or undecided",
    "measure": "what the effect is, and its unit",
    "effect": "the number the verdict rests on",
    "low": "lower end of its 95 % interval",
    "high": "upper end of its 95 % interval",
    "cells": "the runs it rests on",
    "rule": "the rule that decided, fixed in the config",
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
    "images": IMAGES,
    "data": DATA,
    "dirac": DIRAC,
    "cost": COST,
    "claims": CLAIMS,
}
