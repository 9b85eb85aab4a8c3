"""The Dirac-GAN: training with a known trajectory (Mescheder, Geiger and Nowozin, ICML 2018).

The data is the point 0, the generator a point θ, the discriminator D(x) = ψx. The generator
lowers f(θψ) and the discriminator raises it, by plain gradient steps of size h. R1 adds γ/2 · ψ²
to the discriminator's loss. With f(t) = t (``wasserstein``) updates are linear: simultaneous ones
multiply the radius by √(1 + h²) a step, alternating ones (θ first) conserve θ² + ψ² - hθψ. With
f(t) = -log(1 + e^-t) the equilibrium 0 has the eigenvalues -γ/2 ± √(γ²/4 - 1/4).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from scipy.special import expit
from torch import Tensor

from approxgan.core.errors import InputError
from approxgan.core.protocols import PLAYERS, GradientEstimator, Player
from approxgan.design import build, cells, names
from approxgan.objective.black_box import objective
from approxgan.objective.terms import softplus
from approxgan.storage import files
from approxgan.storage.tables import DIRAC
from approxgan.training.streams import SeedStreams, generator

ORDER: tuple[Player, Player] = ("generator", "discriminator")
"""Who moves first in alternating updates."""
DTYPES = {"float32": torch.float32, "float64": torch.float64}


class Losses(NamedTuple):
    """What each player minimises, as a function of t = θψ, and the derivatives by hand."""

    generator: Callable[[Tensor], Tensor]
    discriminator: Callable[[Tensor], Tensor]
    slopes: Callable[[float], tuple[float, float]]


OBJECTIVES: dict[str, Losses] = {
    "wasserstein": Losses(lambda t: t, lambda t: -t, lambda t: (1.0, -1.0)),
    "minimax": Losses(
        lambda t: -softplus(-t), lambda t: softplus(-t), lambda t: (expit(-t), -expit(-t))
    ),
    # The generator lowers -f(-t) in place of f(t); the discriminator's loss is minimax's.
    "nonsaturating": Losses(softplus, lambda t: softplus(-t), lambda t: (expit(t), -expit(-t))),
}


@dataclass(frozen=True)
class DiracGame:
    """One of the config's ``games``, whose values its schema checks."""

    objective: str
    updates: str
    """simultaneous or alternating"""
    r1: float = 0.0
    """γ"""

    @property
    def name(self) -> str:
        return f"{self.objective} {self.updates}" + (f" r1 {self.r1:g}" if self.r1 else "")

    def loss(self, player: Player, opponent: Tensor) -> Callable[[Tensor], Tensor]:
        """The player's loss [S, 1] -> [S] at a frozen opponent [S, 1]."""
        function = getattr(OBJECTIVES[self.objective], player)
        weight = self.r1 / 2 if player == "discriminator" else 0.0

        def loss(own: Tensor) -> Tensor:
            value = function((own * opponent).squeeze(-1))
            return value + weight * own.square().squeeze(-1) if weight else value

        return loss


def trajectory(
    game: DiracGame, mode: GradientEstimator, epsilon: float | None, seeds: list[int], spec: Mapping
) -> np.ndarray:
    """[steps + 1, 2, S] float64: θ and ψ before the first and after every update."""
    dtype, h = DTYPES[spec["dtype"]], spec["step"]
    start = torch.full((len(seeds), 1), spec["start"], dtype=dtype)
    place: dict[Player, Tensor] = dict.fromkeys(ORDER, start)
    rng: dict[Player, SeedStreams] = {}
    for number, player in enumerate(PLAYERS):
        rng[player] = SeedStreams([generator(s, "direction", number) for s in seeds], dtype)
        move = getattr(mode, "start", None)
        if move is not None:
            drawn = SeedStreams([generator(s, "perturbation", number) for s in seeds], dtype)
            place[player] = move(start, drawn)
    rows = [torch.cat([place[p] for p in ORDER], 1)]
    for _ in range(spec["steps"]):
        before = dict(place)
        for player, other in (ORDER, ORDER[::-1]):
            seen = before if game.updates == "simultaneous" else place
            f = objective(game.loss(player, seen[other]), how="batched")
            # A mode that refreshes its estimate has one coordinate to refresh here: the same.
            estimate = mode.estimate(f, before[player], eps=epsilon, rng=rng[player])
            place[player] = before[player] - h * estimate.grad
        rows.append(torch.cat([place[p] for p in ORDER], 1))
    return torch.stack(rows).transpose(1, 2).double().numpy()


def expected(game: DiracGame, h: float, start: float, steps: int) -> np.ndarray:
    """[steps + 1, 2] float64: θ and ψ under exact gradient steps; see ``tables.DIRAC``."""
    if game.objective == "wasserstein" and not game.r1:
        return _linear(game, h, start, np.arange(steps + 1.0))
    slopes = OBJECTIVES[game.objective].slopes
    rows = [(start, start)]
    for _ in range(steps):
        theta, psi = rows[-1]
        after = theta - h * psi * slopes(theta * psi)[0]
        seen = theta if game.updates == "simultaneous" else after
        rows.append((after, psi - h * (seen * slopes(seen * psi)[1] + game.r1 * psi)))
    return np.array(rows, dtype=np.float64)


def _linear(game: DiracGame, h: float, start: float, t: np.ndarray) -> np.ndarray:
    """The t-th powers of the linear map, applied to (start, start)."""
    if game.updates == "simultaneous":
        # [[1, -h], [h, 1]] is a rotation by atan h that stretches by √(1 + h²).
        radius, angle = np.hypot(1, h) ** t, t * np.arctan(h)
        cos, sin = np.cos(angle), np.sin(angle)
        return start * radius[:, None] * np.stack([cos - sin, cos + sin], 1)
    # M = [[1, -h], [h, 1 - h²]] has determinant 1 and trace 2 cos ω, sin(ω/2) = h/2, so that
    # M^t = (sin(tω) M - sin((t - 1)ω) I) / sin ω.
    turn = 2 * np.arcsin(h / 2)
    now, before = np.sin(t * turn) / np.sin(turn), np.sin((t - 1) * turn) / np.sin(turn)
    return start * np.stack([(1 - h) * now - before, (1 + h - h * h) * now - before], 1)


def run(spec: Mapping[str, Any], mode: str, out: Path) -> None:
    """The rows of the table ``dirac`` of one mode: every game, ε, setting, seed and step."""
    games = [DiracGame(**definition) for definition in spec["games"]]
    frames = []
    entries = [entry for entry in spec["modes"] if entry["mode"] == mode]
    for choice in (choice for entry in entries for choice in cells.choices_of(entry)):
        estimator, epsilon = build.played(choice)
        drawn = estimator.random or hasattr(estimator, "start")
        seeds = list(spec["seeds"]) if drawn else [0]
        key = names.choice_columns(choice)
        for game in games:
            try:
                made = trajectory(game, estimator, epsilon, seeds, spec)
            except ValueError as error:
                raise InputError(f"{mode}: {error}") from error
            truth = expected(game, spec["step"], spec["start"], spec["steps"])
            frames += [
                _frame({"game": game.name, **key, "seed": seed}, made[:, :, row], truth)
                for row, seed in enumerate(seeds)
            ]
    files.write_bytes(out, files.parquet(pd.concat(frames, ignore_index=True)))


def _frame(key: Mapping[str, Any], made: np.ndarray, truth: np.ndarray) -> pd.DataFrame:
    values = {"step": np.arange(len(made)), "generator": made[:, 0], "discriminator": made[:, 1]}
    values |= {f"expected_{player}": truth[:, k] for k, player in enumerate(ORDER)}
    return pd.DataFrame({**key, **values})[list(DIRAC)]
