"""Gradient errors at the points of one trajectory, by mode and step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from worlds.synthetic.frames import Step, frame, steps
from worlds.synthetic.laws import (
    CONTROLS,
    COORDINATE,
    DIMENSION,
    RANDOM,
    ROUNDOFF,
    RULES,
    chosen,
    relative_error,
)
from worlds.synthetic.sizes import Size


def probe(size: Size, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    errors, points = [], []
    for study in size.studies:
        if study.name == "pictures":
            continue
        for dataset, loss, dtype, player, seed, step in (
            (d, lo, t, p, s, k)
            for d in study.datasets for lo in study.losses[:1] for t in ROUNDOFF
            for p in DIMENSION for s in range(2) for k in (0, size.steps // 2)
        ):  # fmt: skip
            where = {"dataset": dataset, "model": study.model, "loss": loss, "dtype": dtype,
                     "player": player, "seed": seed, "step": step}  # fmt: skip
            jitter = float(np.exp(0.4 * rng.normal()))
            points.append({**where, "dimension": DIMENSION[player], "value": 1.4,
                           "gradient_norm": 0.3 * jitter, "curvature_norm": 12.0,
                           "exact_zeros": 0.0,
                           "roundoff": ROUNDOFF[dtype]})  # fmt: skip
            for mode in study.modes:
                if mode not in CONTROLS and "+" not in mode:
                    for kind in steps(study, mode, size):
                        errors.append(_error_row(where, mode, kind, jitter))
    keys = ["dataset", "model", "loss", "dtype", "player", "seed", "step"]
    kind = ["mode", "epsilon", "settings"]
    return (frame("gradient_error", errors).drop_duplicates([*keys, *kind]),
            frame("probe_points", points).drop_duplicates(keys))  # fmt: skip


def _error_row(where: dict[str, Any], mode: str, kind: Step, jitter: float) -> dict[str, Any]:
    dtype, player = where["dtype"], where["player"]
    used = kind.epsilon
    if kind.rule in RULES:
        used = chosen(mode, dtype) * {"dtype": 1.0, "adaptive": 4.0 * jitter}[kind.rule]
    error = relative_error(mode, used, dtype, player) / jitter
    likeness = 1 / np.hypot(1, error)
    lost = 0.0 if mode not in COORDINATE else np.exp(-used / (40 * ROUNDOFF[dtype]))
    dead = lost > 1 - 1e-6
    theory = {"forward_gradient": np.sqrt(DIMENSION[player] + 1),
              "random_direction": np.sqrt((DIMENSION[player] + 1) / 16),
              "spsa": np.sqrt((DIMENSION[player] - 1) / 16)}.get(mode, np.nan)  # fmt: skip
    spread = 5.0 if kind.rule == "adaptive" else 1.0
    p = DIMENSION[player]
    costs = {"exact": (1, 1), "subgradient": (1, 1), "perturbed_start": (1, 1),
             "forward_difference": (p + 1, 0), "central_difference": (2 * p, 0),
             "uniform_shift": (2, 0), "random_direction": (17, 0)}  # fmt: skip
    forwards, backwards = costs.get(mode, (32, 0))
    return {**where, "mode": mode, **kind._asdict(),
            "chooses_epsilon": where["dtype"] == "float32",
            "chosen_epsilon": used, "chosen_low": used / spread, "chosen_high": used * spread,
            "kink_crossing": np.nan if np.isnan(used) else min(0.5, 3 * used),
            "relative_error": 1.0 if dead else error,
            "cosine": np.nan if dead else likeness,
            "sign_agreement": np.nan if dead else 0.5 + likeness / 2,
            "zero_fraction": lost, "norm_ratio": np.hypot(1, error),
            "bias_squared": 0.0, "variance": error**2 if mode in RANDOM else 0.0,
            "draws": 16 if mode in RANDOM else 1, "theory": theory,
            "forwards": forwards, "backwards": backwards}  # fmt: skip
