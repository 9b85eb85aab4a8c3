"""The formulas behind ``approxgan.advise``, each beside a simulation: a table of the docs."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

import approxgan
from approxgan.library import advice
from approxgan.library.gradient import built
from approxgan.library.randomness import GeneratorStreams
from approxgan.objective import objective

CURVATURE, THIRD, NOISE = 3.0, 5.0, 1e-4
DRAWS = 4000


class Law(NamedTuple):
    """One row: a formula, its value, and what simulates it."""

    formula: str
    theory: float
    simulate: Callable[[int], tuple[float, float]]
    """Seed -> mean and standard error."""


def mean(values: np.ndarray) -> tuple[float, float]:
    return float(values.mean()), float(values.std() / len(values) ** 0.5)


def root_mean_square(errors: np.ndarray) -> tuple[float, float]:
    square, error = mean(errors**2)
    return square**0.5, 0.5 * error / square**0.5


def curve(x: np.ndarray) -> np.ndarray:
    """Slope 1 at 0, second and third derivatives CURVATURE and THIRD."""
    return x + CURVATURE * x**2 / 2 + THIRD * x**3 / 6


def difference(sides: int, step: float, noise: np.ndarray) -> np.ndarray:
    """Errors of differences at 0 with the noise [K, 2] of their two values."""
    ahead = curve(np.array(step)) + noise[:, 0]
    behind = (curve(np.array(-step)) if sides == 2 else 0.0) + noise[:, 1]
    return (ahead - behind) / (sides * step) - 1.0


def worst(sides: int, step: float) -> tuple[float, float]:
    """The largest error over noise of ±NOISE."""
    signs = NOISE * np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], dtype=float)
    return float(np.abs(difference(sides, step, signs)).max()), 0.0


def random(sides: int, step: float) -> Callable[[int], tuple[float, float]]:
    return lambda seed: root_mean_square(
        difference(sides, step, NOISE * np.random.default_rng(seed).standard_normal((100000, 2)))
    )


def best(sides: int, make: Callable[[float], tuple[float, float]]) -> tuple[float, float]:
    """The step of least error on a grid of factors 1.01, and half a cell."""
    steps = np.geomspace(1e-4, 1.0, 926)
    found = steps[int(np.argmin([make(step)[0] for step in steps]))]
    return float(found), 0.005 * float(found)


SLOPES = torch.linspace(-1.0, 2.0, 20, dtype=torch.float64)


def squared(mode: str, settings: dict, noise: float = 0.0) -> Callable[[int], tuple[float, float]]:
    """Squared relative errors on a linear loss in 20 dimensions, with noise of the values."""

    def simulate(seed: int) -> tuple[float, float]:
        rng = np.random.default_rng(seed)

        def loss(theta: torch.Tensor) -> torch.Tensor:
            drawn = torch.from_numpy(rng.standard_normal(len(theta)))
            return (theta * SLOPES).sum(-1) + noise * drawn

        streams = GeneratorStreams(torch.Generator().manual_seed(seed), DRAWS, torch.float64)
        theta = torch.zeros(DRAWS, 20, dtype=torch.float64)
        made = built(mode, settings).estimate(objective(loss), theta, eps=0.1, rng=streams)
        errors = (made.grad - SLOPES).square().sum(1) / SLOPES.square().sum()
        return mean(errors.numpy())

    return simulate


def fresh(mode: str, draws: int = 1500) -> Callable[[int], tuple[float, float]]:
    """Errors of slopes at ε = 0.1 where every evaluation draws noise of σ = 1 anew."""

    def simulate(seed: int) -> tuple[float, float]:
        rng = np.random.default_rng(seed)
        errors = []
        for _ in range(draws):
            made = approxgan.estimate(
                lambda t: float(t.sum()) + rng.standard_normal(),
                torch.zeros(1, dtype=torch.float64), mode, eps=0.1, common=False,
            )  # fmt: skip
            errors.append(float(made.grads) - 1.0)
        return root_mean_square(np.array(errors))

    return simulate


def _laws() -> dict[str, Law]:
    bounded, largest = advice.forward_step(NOISE, CURVATURE, bounded=True)
    one, one_error = advice.forward_step(NOISE, CURVATURE)
    two, two_error = advice.central_step(NOISE, THIRD)
    size = float(SLOPES.square().sum())
    noisy = advice.slope_error(2, 0.1 * 20**0.5, 0.3, 1e-30, 1e-30)
    return {
        "forward step, bounded noise": Law(
            "2√(ε_f/\\|f''\\|)", bounded, lambda _: best(1, lambda h: worst(1, h))),
        "its largest error, forward": Law("2√(ε_f\\|f''\\|)", largest, lambda _: worst(1, bounded)),
        "forward step, random noise": Law(
            "8^¼ √(σ/\\|f''\\|)", one,
            lambda _: best(1, lambda h: (advice.slope_error(1, h, NOISE, CURVATURE, 0.0), 0.0))),
        "its error, root mean square": Law("2^¼ √(σ\\|f''\\|)", one_error, random(1, one)),
        "central step, bounded noise": Law(
            "∛(3ε_f/\\|f'''\\|)", two, lambda _: best(2, lambda h: worst(2, h))),
        "its largest error, central": Law("3ε_f/2h", two_error, lambda _: worst(2, two)),
        "its error of random noise": Law("√¾ σ/h", 0.75**0.5 * NOISE / two, random(2, two)),
        "Gaussian directions, q = 5": Law("(d+1)/q", 21 / 5, squared(
            "random_direction", {"directions": 5, "distribution": "gaussian", "sides": 2})),
        "directions of signs, q = 5": Law("(d-1)/q", 19 / 5, squared("spsa", {"directions": 5})),
        "orthonormal directions, q = 5": Law("d/q - 1", 3.0, squared(
            "random_direction", {"directions": 5, "distribution": "orthonormal", "sides": 2})),
        "coordinates drawn, k = 5": Law(
            "d/k - 1", 3.0, squared("random_coordinates", {"coordinates": 5})),
        "blocks, q = 5": Law("d/q - 1", 3.0, squared(
            "structured_directions", {"directions": 5, "structure": "blocks", "sides": 2})),
        "Hadamard directions, n = 32, q = 5": Law(
            "d/q - 1 + (1 - 1/q)(n - d)/(n - 1)", 3 + 0.8 * 12 / 31, squared(
                "structured_directions", {"directions": 5, "structure": "hadamard", "sides": 2})),
        "blocks with noise of the values": Law(
            "d/q - 1 + d²e²/(q\\|∇f\\|²)", 3.0 + (20 * noisy) ** 2 / (5 * size), squared(
                "structured_directions",
                {"directions": 5, "structure": "blocks", "sides": 2}, noise=0.3)),
        "fresh noise, one-sided": Law("√2 σ/ε", 2**0.5 / 0.1, fresh("forward_difference")),
        "fresh noise, two-sided": Law("σ/(√2 ε)", 0.5**0.5 / 0.1, fresh("central_difference")),
    }  # fmt: skip


LAWS = _laws()


def table(seed: int = 0) -> str:
    """The table of docs/library.md."""
    lines = ["| what | formula | theory | simulated |", "|---|---|---|---|"]
    for name, law in LAWS.items():
        value, error = law.simulate(seed)
        told = f"{value:.4g}" + (f" ± {error:.1g}" if error else "")
        lines.append(f"| {name} | {law.formula} | {law.theory:.4g} | {told} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
