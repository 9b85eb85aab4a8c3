"""Made-up result tables with the shape, and roughly the course, of real ones.

Nothing is trained: gradient errors follow the textbook laws and quality follows the errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from approxgan import tables

COORDINATE = ("forward_difference", "central_difference")
RANDOM = ("uniform_shift", "random_direction", "spsa")
PLAIN = ("exact", "subgradient", "forward_gradient")
ROUNDOFF = {"float32": 2.0**-24, "float64": 2.0**-53}
DIMENSION = {"generator": 29_698, "discriminator": 17_025}


@dataclass(frozen=True)
class Study:
    """One study's part of the grid."""

    name: str
    datasets: tuple[str, ...]
    model: str
    losses: tuple[str, ...]
    modes: tuple[str, ...]


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    studies: tuple[Study, ...]
    epsilons: tuple[float, ...]
    seeds: int
    snapshots: int
    points: int
    """Samples per snapshot, and points per dataset."""
    steps: int = 1000
    traced: int = 25
    metrics: tuple[str, ...] = (
        "energy_distance",
        "sliced_w2",
        "mmd2",
        "coverage",
        "precision",
        "recall",
        "modes_captured",
        "frechet",
    )


FULL = Size(
    studies=(
        Study("main", ("ring", "moons", "article"), "compact", ("nonsaturating",),
              (*PLAIN, *COORDINATE, *RANDOM)),
        Study("article", ("article",), "article", ("nonsaturating",),
              ("exact", "forward_difference", "uniform_shift")),
        Study("losses", ("ring",), "compact",
              ("nonsaturating", "minimax", "article_formula", "article_code"), ("exact",)),
    ),
    epsilons=tuple(10.0**k for k in range(-7, 0)),
    seeds=10,
    snapshots=6,
    points=500,
)  # fmt: skip
SMALL = Size(
    studies=(
        Study("main", ("ring", "moons"), "compact", ("nonsaturating",),
              ("exact", "forward_gradient", "forward_difference", "uniform_shift")),
        Study("losses", ("ring",), "compact", ("nonsaturating", "article_code"), ("exact",)),
    ),
    epsilons=(1e-6, 1e-4, 1e-2),
    seeds=4,
    snapshots=3,
    points=40,
    traced=6,
    metrics=("energy_distance", "mmd2", "modes_captured"),
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """How one run goes."""

    diverged: float
    """The step at which it diverges; infinite if it does not."""
    likeness: float
    """Cosine of its gradients."""
    forwards: int
    backwards: int


def make(size: Size = SMALL, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Every table of ``tables.COLUMNS`` except the claims."""
    rng = np.random.default_rng(seed)
    parts: dict[str, list[dict[str, Any]]] = {name: [] for name in tables.COLUMNS}
    for study in size.studies:
        for dataset in study.datasets:
            for loss in study.losses:
                for mode in study.modes:
                    for epsilon in _steps(mode, size):
                        cell = _cell(study, dataset, loss, mode, epsilon)
                        _add_runs(parts, cell, size, rng)
    made = {name: frame(name, rows) for name, rows in parts.items()}
    made["samples"] = _samples(made["outcomes"], size, rng)
    made["data"] = _data(size, rng)
    made["gradient_error"], made["probe_points"] = _probe(size, rng)
    made["quality_null"] = _null(made["quality"], size, rng)
    return made


def frame(name: str, rows: Sequence[Any]) -> pd.DataFrame:
    """Rows as a table with all its columns, in order."""
    return pd.DataFrame(rows, columns=list(tables.COLUMNS[name]))


def empty() -> dict[str, pd.DataFrame]:
    """Every table without a row."""
    return {name: frame(name, []) for name in tables.COLUMNS}


def _steps(mode: str, size: Size) -> tuple[float, ...]:
    return (np.nan,) if mode in PLAIN else size.epsilons


def _cell(study: Study, dataset: str, loss: str, mode: str, epsilon: float) -> dict[str, Any]:
    settings = "directions16" if mode in RANDOM[1:] else ""
    return {"study": study.name, "dataset": dataset, "model": study.model, "loss": loss,
            "mode": mode, "epsilon": epsilon, "settings": settings}  # fmt: skip


def cosine(mode: str, epsilon: float, dtype: str, player: str) -> float:
    """Signal over signal and error, by the laws the figures draw."""
    if mode in PLAIN[:2]:
        return 1.0 if dtype == "float64" else 1 - 1e-7
    return float(1 / np.hypot(1, _relative_error(mode, epsilon, dtype, player)))


def _relative_error(mode: str, epsilon: float, dtype: str, player: str) -> float:
    p, u = DIMENSION[player], ROUNDOFF[dtype]
    if mode in PLAIN[:2]:
        return u * 3
    if mode == "forward_gradient":
        return float(np.sqrt(p + 1))
    rounding = np.sqrt(2 * p) * u * 1.4 / epsilon / 0.3
    truncation = {"central_difference": 40 * epsilon**2}.get(mode, 20 * epsilon)
    floor = {"uniform_shift": 90.0, "random_direction": 43.0, "spsa": 42.9}.get(mode, 0.0)
    return float(np.sqrt(rounding**2 + truncation**2 + floor**2))


def _add_runs(parts: dict[str, list], cell: dict[str, Any], size: Size, rng: Any) -> None:
    coarse = PLAIN[0] if cell["loss"] == "article_code" else cell["mode"]
    likeness = cosine(coarse, cell["epsilon"], "float32", "generator")
    costs = {"exact": (2, 2), "subgradient": (2, 2), "forward_gradient": (64, 0)}
    p = sum(DIMENSION.values()) if cell["model"] == "article" else 12_000
    forwards, backwards = costs.get(cell["mode"], (34, 0))
    if cell["mode"] in COORDINATE:
        forwards = p + 2
    for seed in range(size.seeds):
        wild = cell["epsilon"] >= 1e-1 and rng.random() < 0.6
        diverged = size.steps * rng.uniform(0.2, 0.6) if wild else np.inf
        run = Run(diverged, likeness, forwards, backwards)
        _add_trace(parts, {**cell, "seed": seed}, size, run, rng)
        _add_quality(parts, {**cell, "seed": seed}, size, run, rng)
        _add_outcome(parts, {**cell, "seed": seed}, size, run)
    half = size.seeds // 2
    for first, last in ((0, half - 1), (half, size.seeds - 1)):
        seconds = (last - first + 1) * size.steps * (1e-3 + 2e-7 * forwards)
        parts["cost"].append({**cell, "seeds": f"{first}-{last}",
                              "seconds": seconds * rng.uniform(0.95, 1.05),
                              "cpu_seconds": seconds * 1.9, "peak_memory_mb": 400.0,
                              "sweep": "compiled" if forwards > 1000 else "none"})  # fmt: skip


def _add_trace(parts, row, size, run, rng) -> None:
    sign = -1.0 if row["loss"] == "article_code" else 1.0
    for step in np.linspace(0, size.steps, size.traced, endpoint=False).astype(int):
        if step > run.diverged:
            break
        grown = step / size.steps
        blown = 1e3 if step > 0.8 * run.diverged else 1.0
        drift = -1e4 * grown if sign < 0 else 0.0
        error = _relative_error(row["mode"], row["epsilon"], "float32", "generator")
        players = {}
        for player in ("generator", "discriminator"):
            players |= {
                f"{player}_loss": blown * (1.1 + 0.3 * grown + 0.1 * rng.normal()) + drift,
                f"{player}_gradient_norm": 0.3 * np.hypot(1, error),
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
        numbers = {"energy_distance": energy, "sliced_w2": 1 - learnt + 0.02 * rng.random(),
                   "mmd2": energy / 4, "coverage": learnt * 0.9, "precision": 0.2 + 0.7 * learnt,
                   "recall": 0.3 + 0.6 * learnt, "modes_captured": np.round(8 * learnt),
                   "frechet": 3 * (1 - learnt) + 0.1 * rng.random()}  # fmt: skip
        for metric in size.metrics:
            gone = np.nan if step >= run.diverged else numbers[metric]
            parts["quality"].append({**row, "step": step, "metric": metric, "value": gone})


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


def draws(dataset: str, n: int, rng: np.random.Generator) -> np.ndarray:
    """[n, 2] points of something that looks like the dataset."""
    if dataset == "ring":
        angle = 2 * np.pi * rng.integers(8, size=n) / 8
        centre = 2 * np.stack([np.cos(angle), np.sin(angle)], 1)
        return centre + 0.1 * rng.normal(size=(n, 2))
    if dataset == "moons":
        angle, side = np.pi * rng.random(n), rng.integers(2, size=n)
        moon = np.stack([np.cos(angle) + side, np.sin(angle) * (1 - 2 * side) + side / 2], 1)
        return moon + 0.1 * rng.normal(size=(n, 2))
    return rng.normal(size=(n, 2))


def _samples(outcomes: pd.DataFrame, size: Size, rng: np.random.Generator) -> pd.DataFrame:
    parts = []
    for row in outcomes[outcomes["seed"] < 2].to_dict("records"):
        likeness = cosine(row["mode"], row["epsilon"], "float32", "generator")
        for step in (0, size.steps):
            if step and row["diverged"]:
                continue
            noise = 1.2 * (1 - likeness if step else 1.0)
            points = draws(row["dataset"], size.points, rng)
            points = points * (1 - noise / 2) + noise * rng.normal(size=points.shape)
            key = {name: row[name] for name in tables.RUN}
            parts.append(pd.DataFrame({**key, "step": step, "index": np.arange(size.points),
                                       "x": points[:, 0], "y": points[:, 1]}))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _data(size: Size, rng: np.random.Generator) -> pd.DataFrame:
    parts = []
    for dataset in sorted({d for study in size.studies for d in study.datasets}):
        for source in ("training", "true"):
            points = draws(dataset, size.points, rng)
            parts.append(pd.DataFrame({"dataset": dataset, "source": source,
                                       "index": np.arange(size.points),
                                       "x": points[:, 0], "y": points[:, 1]}))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _probe(size: Size, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    errors, points = [], []
    for study in size.studies:
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
                           "roundoff": ROUNDOFF[dtype]})  # fmt: skip
            for mode in study.modes:
                for epsilon in _steps(mode, size):
                    errors.append(_error_row(where, mode, epsilon, jitter))
    keys = ["dataset", "model", "loss", "dtype", "player", "seed", "step"]
    return (frame("gradient_error", errors).drop_duplicates([*keys, "mode", "epsilon"]),
            frame("probe_points", points).drop_duplicates(keys))  # fmt: skip


def _error_row(where: dict[str, Any], mode: str, epsilon: float, jitter: float) -> dict[str, Any]:
    dtype, player = where["dtype"], where["player"]
    error = _relative_error(mode, epsilon, dtype, player) / jitter
    likeness = 1 / np.hypot(1, error)
    lost = 0.0 if mode not in COORDINATE else np.exp(-epsilon / (40 * ROUNDOFF[dtype]))
    dead = lost > 1 - 1e-6
    theory = {"forward_gradient": np.sqrt(DIMENSION[player] + 1),
              "random_direction": np.sqrt((DIMENSION[player] + 1) / 16),
              "spsa": np.sqrt((DIMENSION[player] - 1) / 16)}.get(mode, np.nan)  # fmt: skip
    return {**where, "mode": mode, "epsilon": epsilon,
            "settings": "directions16" if mode in RANDOM[1:] else "",
            "relative_error": 1.0 if dead else error,
            "cosine": np.nan if dead else likeness,
            "sign_agreement": np.nan if dead else 0.5 + likeness / 2,
            "zero_fraction": lost, "norm_ratio": np.hypot(1, error),
            "bias_squared": 0.0, "variance": error**2 if mode in RANDOM else 0.0,
            "draws": 16 if mode in RANDOM else 1, "theory": theory,
            "forwards": 32, "backwards": 0}  # fmt: skip


def _null(quality: pd.DataFrame, size: Size, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for dataset in quality["dataset"].unique():
        for metric in quality["metric"].unique():
            best = {"coverage": 0.95, "precision": 0.95, "recall": 0.95}.get(metric, 0.0)
            if metric == "modes_captured":
                best = 8.0
            for repeat in range(20):
                value = best + 0.004 * rng.normal()
                rows.append({"dataset": dataset, "metric": metric, "repeat": repeat,
                             "value": value})  # fmt: skip
    return frame("quality_null", rows)
