"""Runs: their course, their quality, how they end and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from worlds.synthetic.laws import COORDINATE, PLAIN, cosine, relative_error
from worlds.synthetic.sizes import Size


@dataclass(frozen=True)
class Run:
    """How one run goes."""

    diverged: float
    """The step at which it diverges; infinite if it does not."""
    likeness: float
    """Cosine of its gradients."""
    forwards: int
    backwards: int


def add_runs(parts: dict[str, list], cell: dict[str, Any], size: Size, rng: Any) -> None:
    coarse = PLAIN[0] if cell["loss"] == "article_code" else cell["mode"]
    likeness = cosine(coarse, cell["epsilon"], "float32", "generator")
    costs = {"exact": (2, 2), "subgradient": (2, 2), "forward_gradient": (64, 0)}
    forwards, backwards = costs.get(cell["mode"], (34, 0))
    if cell["mode"] in COORDINATE:
        forwards = 12_002
    for seed in range(size.seeds):
        wild = cell["epsilon"] >= 1e-1 and rng.random() < 0.6
        diverged = size.steps * rng.uniform(0.2, 0.6) if wild else np.inf
        run = Run(diverged, likeness, forwards, backwards)
        _add_trace(parts, {**cell, "seed": seed}, size, run, rng)
        _add_quality(parts, {**cell, "seed": seed}, size, run, rng)
        _add_outcome(parts, {**cell, "seed": seed}, size, run)
    half, unit = size.seeds // 2, "" if np.isnan(cell["budget"]) else "forward_equivalents"
    for first, last in ((0, half - 1), (half, size.seeds - 1)):
        seconds = (last - first + 1) * size.steps * (1e-3 + 2e-7 * forwards)
        parts["cost"].append({**cell, "first_seed": first, "last_seed": last,
                              "trained_steps": (last - first + 1) * size.steps,
                              "seconds": seconds * rng.uniform(0.95, 1.05),
                              "cpu_seconds": seconds * 1.9, "peak_memory_mb": 400.0,
                              "budget_unit": unit,
                              "sweep": "compiled" if forwards > 1000 else "none"})  # fmt: skip


def _add_trace(parts, row, size, run, rng) -> None:
    sign = -1.0 if row["loss"] == "article_code" else 1.0
    for step in np.linspace(0, size.steps, size.traced, endpoint=False).astype(int):
        if step > run.diverged:
            break
        grown = step / size.steps
        blown = 1e3 if step > 0.8 * run.diverged else 1.0
        drift = -1e4 * grown if sign < 0 else 0.0
        error = relative_error(row["mode"], row["epsilon"], "float32", "generator")
        players = {}
        for player in ("generator", "discriminator"):
            players |= {
                f"{player}_loss": blown * (1.1 + 0.3 * grown + 0.1 * rng.normal()) + drift,
                f"{player}_gradient_norm": 0.3 * np.hypot(1, error),
                f"{player}_update_norm": 1e-2,
                f"{player}_epsilon_used": row["epsilon"],
                f"{player}_exact_zeros": 0.0,
                f"{player}_relative_error": error,
                f"{player}_cosine": run.likeness,
                f"{player}_sign_agreement": 0.5 + run.likeness / 2,
                f"{player}_zero_fraction": 0.0,
                f"{player}_norm_ratio": np.hypot(1, error),
            }
        parts["training"].append({**row, "step": step, **players,
                                  "forwards": run.forwards * step,
                                  "backwards": run.backwards * step})  # fmt: skip


def _add_quality(parts, row, size, run, rng) -> None:
    for step in np.linspace(0, size.steps, size.snapshots).astype(int):
        learnt = 1 - np.exp(-4 * run.likeness * step / size.steps)
        if row["loss"] == "article_code":
            learnt = 0.0
        energy = 1.5 * (1 - learnt) + 0.01 * rng.normal()
        numbers = {"energy_distance": energy, "mmd2": energy / 4,
                   "modes_captured": np.round(8 * learnt)}  # fmt: skip
        for metric, number in numbers.items():
            gone = np.nan if step >= run.diverged else number
            better = "higher" if metric == "modes_captured" else "lower"
            parts["quality"].append({**row, "step": step, "samples": size.points,
                                     "metric": metric, "value": gone, "better": better,
                                     "is_primary": metric == "energy_distance"})  # fmt: skip


def _add_outcome(parts, row, size, run) -> None:
    is_diverged = bool(np.isfinite(run.diverged))
    vanished = run.likeness < 0.01 and not is_diverged
    steps = int(run.diverged) if is_diverged else size.steps
    parts["outcomes"].append({
        **row, "steps": size.steps, "diverged": is_diverged,
        "diverged_step": float(int(run.diverged)) if is_diverged else np.nan,
        "vanished": vanished, "vanished_step": 100.0 if vanished else np.nan,
        "vanished_player": "generator" if vanished else "",
        "generator_loss_mean": 1.2, "generator_loss_variance": 0.01,
        "discriminator_loss_mean": 1.2, "discriminator_loss_variance": 0.01,
        "forwards": run.forwards * steps, "backwards": run.backwards * steps,
    })  # fmt: skip
