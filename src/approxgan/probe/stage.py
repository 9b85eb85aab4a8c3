"""Gradient error of every mode at the same points of one exact trajectory."""

import dataclasses
import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from approxgan.config import registry
from approxgan.core.protocols import PLAYERS, Player
from approxgan.design import cells, names
from approxgan.design.choices import Choice
from approxgan.objective.game import Game, GeneratorObjective, PlayerObjective
from approxgan.probe.measure import Point, measure
from approxgan.storage import arrays as kept
from approxgan.storage import files
from approxgan.storage.tables import PROBE
from approxgan.training.loop import StepInfo, TrainState, init, train
from approxgan.training.setup import (
    DTYPES,
    Method,
    Methods,
    Settings,
    check_device,
    game_of,
    method,
)
from approxgan.training.trace import true_gradient

FROZEN = ("opponent", "inputs", "constant")
FORMS = {
    "seeds": "int seeds",
    "split": "int",
    "theta": "float seeds own",
    "opponent": "float seeds others",
    "inputs": "float seeds rows columns",
    "constant": "float seeds",
}
"""A player's arrays at a step: forms as in ``storage.arrays``."""


def points(probe: Mapping[str, Any], data_path: Path, out: Path, threads: int = 1) -> None:
    """Train the probe's seeds along its path; keep θ and all that is frozen at it.

    The trajectory is float32, so that its points are the same numbers in both dtypes.
    """
    check_device(probe["training"]["device"])
    data = kept.data(data_path)["training"]
    game = game_of(probe, data.shape[1], threads)
    s = dataclasses.replace(Settings.of(probe["training"]), dtype="float32")
    taken: dict[str, np.ndarray] = {}

    def observe(state: TrainState, info: StepInfo | None) -> None:
        if info is None or info.step not in probe["steps"]:
            return
        for player in PLAYERS:
            f, name = info.objectives[player], f"{player}.{info.step}"
            taken[f"{name}.seeds"] = np.array(info.seeds)
            taken[f"{name}.split"] = np.array(f.split)
            taken[f"{name}.theta"] = info.theta[player].cpu().numpy()
            for part in FROZEN:
                taken[f"{name}.{part}"] = getattr(f, part).cpu().numpy()

    both = _path(probe, game)
    train(init(game, data, probe["seeds"], s, both), game, both, s, observe)
    files.write_arrays(out, {"dim": np.array(game.dim), **taken})


def _path(probe: Mapping[str, Any], game: Game) -> Methods:
    """What trains the trajectory: what the probe names, or else the best that there is."""
    if "path" in probe:
        return {player: method(Choice.of(probe["path"][player]), {}) for player in PLAYERS}
    best = dict.fromkeys(PLAYERS, "exact")
    if not game.generator.differentiable:
        best["generator"] = cells.EXPECTED
    return {player: Method(registry.build("modes", best[player], {})) for player in PLAYERS}


def place(
    game: Game, arrays: Mapping[str, np.ndarray], player: Player, step: int, dtype: torch.dtype
) -> Point:
    """A kept point, in a precision; on the processor, wherever the trajectory was trained."""
    name = f"{player}.{step}"
    opponent, inputs, constant = (
        torch.from_numpy(arrays[f"{name}.{part}"]).to(dtype) for part in FROZEN
    )
    split = int(arrays[f"{name}.split"])
    kind = GeneratorObjective if player == "generator" else PlayerObjective
    f = kind(game, player, opponent, inputs, split, constant)
    theta = torch.from_numpy(arrays[f"{name}.theta"]).to(dtype)
    return Point(f, theta, arrays[f"{name}.seeds"].tolist(), player, step)


def _points(probe: Mapping[str, Any], path: Path) -> kept.Arrays:
    """The arrays of a file of points; raises ``InputError`` for those of another form."""
    arrays = kept.read(path, {"dim": "int"})
    for player, step in itertools.product(PLAYERS, steps_kept(probe, arrays)):
        kept.check(path, arrays, {f"{player}.{step}.{name}": form for name, form in FORMS.items()})
    return arrays


def steps_kept(probe: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> list[int]:
    """The probe's steps that the trajectory reached before it diverged."""
    return [step for step in probe["steps"] if f"{PLAYERS[0]}.{step}.theta" in arrays]


def describe(probe: Mapping[str, Any], points_path: Path, out: Path, threads: int = 1) -> None:
    """The table ``probe_points``: what the theory of each point's errors needs."""
    arrays = _points(probe, points_path)
    game = game_of(probe, int(arrays["dim"]), threads)
    frames = []
    for player, step in itertools.product(PLAYERS, steps_kept(probe, arrays)):
        at = place(game, arrays, player, step, torch.float64)
        f, theta, h = at.f, at.theta, probe["curvature"]
        true, value = true_gradient(f, theta), f(theta)
        ahead, middle = f.sweep(theta, h)
        behind, _ = f.sweep(theta, -h)
        curvature = ((ahead - 2 * middle[:, None] + behind) / h**2).norm(dim=1)
        for dtype in probe["dtypes"]:
            own = place(game, arrays, player, step, DTYPES[dtype])
            zeros = (own.f.preactivations(own.theta) == 0).double().mean(1)
            columns = {
                **{key: probe[key] for key in PROBE},
                "dtype": dtype,
                "player": player,
                "seed": at.seeds,
                "step": step,
                "dimension": theta.shape[1],
                "value": value.tolist(),
                "gradient_norm": [float(row.norm()) for row in true],
                "curvature_norm": curvature.tolist(),
                "exact_zeros": zeros.tolist(),
                "roundoff": torch.finfo(DTYPES[dtype]).eps / 2,
            }
            frames.append(pd.DataFrame(columns))
    files.write_bytes(out, files.parquet(pd.concat([pd.DataFrame(), *frames], ignore_index=True)))


def run(
    probe: Mapping[str, Any], mode: str, points_path: Path, out: Path, threads: int = 1
) -> None:
    """Errors of one mode: a row for every ε, setting, dtype, player, point and layer."""
    arrays = _points(probe, points_path)
    game = game_of(probe, int(arrays["dim"]), threads)
    rows: list[dict[str, Any]] = []
    for entry in cells.probe_modes(probe)[mode]:
        for choice in cells.choices_of(entry):
            made = method(choice, probe["definitions"]["rules"])
            key = {**{name: probe[name] for name in PROBE}, **names.choice_columns(choice)}
            kept_steps = steps_kept(probe, arrays)
            players = cells.probed_players(choice)
            for dtype, player, step in itertools.product(probe["dtypes"], players, kept_steps):
                at = place(game, arrays, player, step, DTYPES[dtype])
                # An entry that states its draws is held to the expectation over draws.
                at = dataclasses.replace(at, expected="noise" in choice.settings)
                where = {**key, "dtype": dtype, "player": player, "step": step}
                rows += [{**where, **m} for m in measure(at, made, probe["draws"])]
    files.write_bytes(out, files.parquet(pd.DataFrame(rows)))
