"""Gradient error of every mode at the same points of one exact trajectory."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from approxgan import errors, grid, record, registry, streams
from approxgan.core import PLAYERS, GradientMode, Player
from approxgan.gan import Game, PlayerObjective
from approxgan.gradients._autograd import gradient
from approxgan.run import game_of, load_data, settings
from approxgan.train import StepInfo, TrainState, init, train

DTYPES = {"float32": torch.float32, "float64": torch.float64}
FROZEN = ("opponent", "inputs", "constant")


def points(probe: Mapping[str, Any], data_path: Path, out: Path, threads: int = 1) -> None:
    """Train the probe's seeds with the exact gradient; keep θ and all that is frozen at it.

    The trajectory is float32, so that its points are the same numbers in both dtypes.
    """
    data = load_data(data_path)
    game = game_of(probe, data, threads)
    s = dataclasses.replace(settings(probe["training"]), dtype="float32")
    kept: dict[str, np.ndarray] = {}

    def observe(state: TrainState, info: StepInfo | None) -> None:
        if info is None or info.step not in probe["steps"]:
            return
        for player in PLAYERS:
            f, name = info.objectives[player], f"{player}.{info.step}"
            kept[f"{name}.seeds"] = np.array(info.seeds)
            kept[f"{name}.split"] = np.array(f.split)
            kept[f"{name}.theta"] = info.theta[player].cpu().numpy()
            for part in FROZEN:
                kept[f"{name}.{part}"] = getattr(f, part).cpu().numpy()

    mode = registry.build("modes", "exact", {})
    train(init(game, data, probe["seeds"], s), game, mode, None, s, observe)
    record.write_arrays(out, {"dim": np.array(game.dim), **kept})


def place(
    game: Game, arrays: Mapping[str, np.ndarray], player: Player, step: int, dtype: torch.dtype
) -> tuple[PlayerObjective, Tensor, list[int]]:
    """The objective, θ [S, P] and seeds of a kept point, in a precision."""
    name = f"{player}.{step}"
    opponent, inputs, constant = (
        torch.from_numpy(arrays[f"{name}.{part}"]).to(dtype) for part in FROZEN
    )
    split = int(arrays[f"{name}.split"])
    f = PlayerObjective(game, player, opponent, inputs, split, constant)
    theta = torch.from_numpy(arrays[f"{name}.theta"]).to(dtype)
    return f, theta, arrays[f"{name}.seeds"].tolist()


def game_at(probe: Mapping[str, Any], arrays: Mapping[str, np.ndarray], threads: int) -> Game:
    torch.set_num_threads(threads)
    model = grid.build_model(probe["definitions"]["model"])
    return Game(model, registry.build("losses", probe["loss"], {}), int(arrays["dim"]), threads)


def steps_kept(probe: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> list[int]:
    """The probe's steps that the trajectory reached before it diverged."""
    return [step for step in probe["steps"] if f"{PLAYERS[0]}.{step}.theta" in arrays]


def describe(probe: Mapping[str, Any], points_path: Path, out: Path, threads: int = 1) -> None:
    """The table ``probe_points``: what the theory of each point's errors needs."""
    arrays = record.read_arrays(points_path)
    game = game_at(probe, arrays, threads)
    rows = []
    for player in PLAYERS:
        for step in steps_kept(probe, arrays):
            f, theta, seeds = place(game, arrays, player, step, torch.float64)
            exact = gradient(f, theta)
            h = probe["curvature"]
            ahead, middle = f.sweep(theta, h)
            behind, _ = f.sweep(theta, -h)
            curvature = ((ahead - 2 * middle[:, None] + behind) / h**2).norm(dim=1)
            for dtype in probe["dtypes"]:
                for row, seed in enumerate(seeds):
                    rows.append(
                        {
                            **{key: probe[key] for key in ("dataset", "model", "loss")},
                            "dtype": dtype,
                            "player": player,
                            "seed": seed,
                            "step": step,
                            "dimension": theta.shape[1],
                            "value": float(exact.value[row]),
                            "gradient_norm": float(exact.grad[row].norm()),
                            "curvature_norm": float(curvature[row]),
                            "roundoff": torch.finfo(DTYPES[dtype]).eps / 2,
                        }
                    )
    record.write_bytes(out, record.parquet(pd.DataFrame(rows)))


def run(
    probe: Mapping[str, Any], mode: str, points_path: Path, out: Path, threads: int = 1
) -> None:
    """The rows of ``gradient_error`` of one mode: every ε, setting, dtype, player and point."""
    arrays = record.read_arrays(points_path)
    game = game_at(probe, arrays, threads)
    rows: list[dict[str, Any]] = []
    for entry in grid.probe_modes(probe)[mode]:
        for epsilon, chosen in grid.settings_of(entry):
            estimator = registry.build("modes", mode, chosen)
            key = {
                **{name: probe[name] for name in ("dataset", "model", "loss")},
                "mode": mode,
                "epsilon": np.nan if epsilon is None else epsilon,
                "settings": grid.spelled(chosen),
            }
            for dtype in probe["dtypes"]:
                for player in PLAYERS:
                    for step in steps_kept(probe, arrays):
                        at = place(game, arrays, player, step, DTYPES[dtype])
                        count = probe["draws"] if estimator.random else 1
                        measured = measure(at, estimator, epsilon, player, step, count)
                        rows += [
                            {**key, "dtype": dtype, "player": player, "step": step, **m}
                            for m in measured
                        ]
    record.write_bytes(out, record.parquet(pd.DataFrame(rows)))


def measure(
    at: tuple[PlayerObjective, Tensor, list[int]],
    mode: GradientMode,
    epsilon: float | None,
    player: Player,
    step: int,
    draws: int,
) -> list[dict[str, Any]]:
    """One row a seed: errors of ``draws`` estimates at one point, bias and variance apart."""
    f, theta, seeds = at
    number = PLAYERS.index(player)
    rng = streams.SeedStreams(
        [streams.generator(seed, "direction", number, step) for seed in seeds], theta.dtype
    )
    truth = gradient(f.to(torch.float64), theta.double()).grad
    each: list[dict[str, Tensor]] = []
    mean, spread = torch.zeros_like(truth), torch.zeros_like(truth[:, 0])
    estimate = None
    for k in range(draws):
        estimate = mode.estimate(f, theta, eps=epsilon, rng=rng)
        each.append(errors.compare(estimate.grad, truth))
        # Welford's update: no draw has to be kept.
        change = estimate.grad.double() - mean
        mean += change / (k + 1)
        spread += (change * (estimate.grad.double() - mean)).sum(1)
    assert estimate is not None
    size = truth.square().sum(1)
    variance = spread / (draws - 1) if draws > 1 else torch.zeros_like(spread)
    bias = (mean - truth).square().sum(1) - variance / draws
    theory = mode.squared_error(theta.shape[1])
    means = {name: torch.stack([e[name] for e in each]).nanmean(0) for name in errors.NAMES}
    return [
        {
            "seed": seed,
            **{name: float(value[row]) for name, value in means.items()},
            "bias_squared": float(bias[row] / size[row]),
            "variance": float(variance[row] / size[row]),
            "draws": draws,
            "theory": np.nan if theory is None else theory**0.5,
            "forwards": estimate.forwards,
            "backwards": estimate.backwards,
        }
        for row, seed in enumerate(seeds)
    ]
