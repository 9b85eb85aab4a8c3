"""Doctored runs of generators without a gradient, and errors that follow the laws of noise."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from approxgan.claims import no_gradient, noise_laws
from worlds import synthetic
from worlds.claims import RULES

SEEDS = 12
STEPS = (0, 100, 500, 1000)
LUCK = np.random.default_rng(4).normal(0, 0.1, (9, SEEDS))
FORMULA = "forward_difference"
WAYS: dict[tuple[str, str], tuple[float, float]] = {
    ("expected", ""): (0.1, 4.0),
    (FORMULA, ""): (0.15, 8.0),
    (FORMULA, "fresh"): (0.9, 8.0),
    ("spsa", ""): (0.14, 8.0),
    ("avo", ""): (0.2, 8.0),
}
"""Mode and noise -> distance at the end of 1000 steps, and samples of a step."""


def world(
    ways: Mapping[tuple[str, str], tuple[float, float]] = WAYS,
    seeds: int = SEEDS,
    diverged: Collection[str] = (),
) -> dict[str, pd.DataFrame]:
    """The raw tables of one study."""
    rows: dict[str, list[dict[str, Any]]] = {"outcomes": [], "quality": [], "cost": []}
    for number, ((mode, noise), (end, price)) in enumerate(ways.items()):
        own = {"noise": noise} if noise else {}
        settings = noise and f"noise{noise}"
        cell = {"study": "counted", "dataset": "counts", "model": "m", "loss": "nonsaturating",
                "mode": f"{mode}+exact", "generator_mode": mode, "discriminator_mode": "exact",
                "epsilon": np.nan if mode == "expected" else 0.5, "settings": settings,
                "rule": "" if mode == "expected" else "fixed", "dtype": "float32",
                "own_settings": json.dumps([own, {}]), "learning_rate": 0.01,
                "tuned": '{"epsilon": 0.5}'}  # fmt: skip
        cell["generator_epsilon"] = cell["epsilon"]
        rows["cost"].append({**cell, "first_seed": 0, "last_seed": seeds - 1, "dimension": 10,
                             "trained_steps": 1000 * seeds, "cpu_seconds": 1.0})  # fmt: skip
        for seed in range(seeds):
            lost = mode in diverged
            run = {**cell, "seed": seed}
            rows["outcomes"].append({**run, "steps": 1000.0, "diverged": lost, "vanished": False,
                                     "calls": price * 1000})  # fmt: skip
            for step in STEPS:
                value = np.exp(np.log(end) * step / 1000 + LUCK[number, seed] * (step > 0))
                rows["quality"].append({
                    **run, "step": step, "metric": "parameter_error", "better": "lower",
                    "is_primary": False, "value": np.nan if lost and step else value,
                })  # fmt: skip
    return {name: synthetic.frame(name, part) for name, part in rows.items()}


def errors(slopes: Mapping[str, float], seeds: int = 8) -> pd.DataFrame:
    """The table gradient_error: by noise, an error that is 3 at ε = 0.1 and has this slope."""
    random = np.random.default_rng(2)
    rows = []
    for noise, slope in slopes.items():
        for seed in range(seeds):
            for epsilon in (1e-3, 1e-2, 1e-1):
                error = 3.0 * (epsilon / 0.1) ** slope * np.exp(random.normal(0, 0.1))
                rows.append({
                    "dataset": "counts", "model": "m", "loss": "nonsaturating", "rule": "fixed",
                    "mode": FORMULA, "epsilon": epsilon, "settings": f"noise{noise}",
                    "own_settings": json.dumps({"noise": noise}), "dtype": "float32",
                    "player": "generator", "seed": seed, "step": 0, "draws": 1,
                    "bias_squared": error**2, "variance": 0.0, "calls": 704.0,
                })  # fmt: skip
    return synthetic.frame("gradient_error", rows)


def tables(**given: Any) -> dict[str, pd.DataFrame]:
    """Those, and what the claims stage makes of them."""
    made = world(**given) | {"gradient_error": errors({"common": -0.5, "fresh": -1.0})}
    reached = no_gradient.distances(no_gradient.studies(made, RULES))
    return made | {"no_gradient": reached, "noise_laws": noise_laws.laws(made, RULES)}
