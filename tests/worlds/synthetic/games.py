"""Runs of two alphas that part at a kink, and the game that can be followed by hand."""

from __future__ import annotations

import numpy as np

from worlds.synthetic.laws import DIMENSION
from worlds.synthetic.sizes import Kinks, Size


def add_kinks(parts: dict[str, list], kinks: Kinks, size: Size, rng: np.random.Generator) -> None:
    """Subgradients: the losses of two alphas are equal until an exact zero has met a batch."""
    base = {"study": kinks.name, "dataset": "ring", "loss": "nonsaturating", "mode": "subgradient"}
    steps = np.linspace(0, size.steps, size.traced, endpoint=False).astype(int)
    for model in ("compact", "relu"):
        zeros = kinks.zeros * (3.0 if model == "relu" else 1.0)
        for seed in range(size.seeds):
            met = rng.exponential(1e-2 * size.steps / zeros * 1e-3) if zeros else np.inf
            noise = rng.normal(size=(2, len(steps)))
            for alpha in (0.0, 0.5, 1.0):
                row = {**base, "model": model, "settings": f"alpha{alpha}", "seed": seed,
                       "own_settings": f'{{"alpha": {alpha}}}',
                       "epsilon": np.nan, "rule": ""}  # fmt: skip
                parts["outcomes"].append({**row, "steps": size.steps, "diverged": False,
                                          "vanished": False})  # fmt: skip
                for step, luck in zip(steps, noise.T, strict=True):
                    moved = 1e-3 * alpha * (step > met)
                    trace = {"step": step, "forwards": 2 * step, "backwards": 2 * step}
                    for player, own in zip(DIMENSION, luck, strict=True):
                        trace[f"{player}_loss"] = 1.1 + 0.1 * own + moved
                        trace[f"{player}_exact_zeros"] = zeros * (0.5 + step / size.steps)
                    parts["training"].append({**row, **trace})


def add_dirac(parts: dict[str, list], rng: np.random.Generator) -> None:
    """Spirals and circles, left by truncation and by chance as the modes' errors would."""
    for game, growth in (("wasserstein simultaneous", 1.005), ("wasserstein alternating", 1.0),
                         ("nonsaturating simultaneous r1 1", 0.98)):  # fmt: skip
        for mode, epsilon, settings, seeds in (
            ("exact", np.nan, "", 1), ("forward_difference", 1e-3, "", 1),
            ("forward_difference", 1e-1, "", 1), ("forward_gradient", np.nan, "directions4", 3),
        ):  # fmt: skip
            for seed in range(seeds):
                walk = 1.0
                for step in range(121):
                    walk *= 1 + (0.02 * rng.normal() if seeds > 1 else 0.0)
                    radius, angle = 2**0.5 * growth**step, 0.1 * step + 0.785
                    x, y = radius * np.cos(angle), radius * np.sin(angle)
                    bend = walk * (1 + 1e-3 * step * (np.nan_to_num(epsilon) + 1e-15))
                    parts["dirac"].append({
                        "game": game, "mode": mode, "epsilon": epsilon, "settings": settings,
                        "seed": seed, "step": step, "generator": x * bend,
                        "discriminator": y * bend, "expected_generator": x,
                        "expected_discriminator": y,
                    })  # fmt: skip
