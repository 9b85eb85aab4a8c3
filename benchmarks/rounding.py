"""``python -m benchmarks.rounding``: the compiled sweep's rounding beside the plain loop's.

Relative error and share of exactly zero differences of forward differences over ε, on the same
random coordinates of the article's networks, at the start of training and later, in both
precisions. Writes results/benchmarks/rounding.{csv,svg,png}.

Rounding of the base loss shifts all differences of a point alike, so points are the sample: at
small ε one or two in a hundred carry all of the error.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor

from approxgan.config import registry
from approxgan.core.protocols import PLAYERS, Player
from approxgan.estimators.exact import Exact
from approxgan.figures import stage as drawing
from approxgan.objective.game import (
    Game,
    PlayerObjective,
    discriminator_objective,
    generator_objective,
)
from approxgan.storage import files
from approxgan.training import streams
from approxgan.training.loop import init, step
from approxgan.training.setup import Method, Settings
from benchmarks.games import network

EPSILONS = [10.0**k for k in range(-8, 0)]
COORDINATES = 12
POINTS = 1024
BLOCK = 64
"""Points that are evaluated together."""
BATCH = 64
MOMENTS = (0, 300)
"""Steps of exact training before the measurement."""
RESAMPLES = 1000
OUT = Path("results/benchmarks")
SETTINGS = Settings(
    **{"steps": 1, "batch": BATCH, "learning_rate": 2e-4, "beta1": 0.9, "beta2": 0.999},
    **{"adam_epsilon": 1e-8, "dtype": "float32", "device": "cpu", "divergence_threshold": 1e4},
)


def objectives(first: int) -> Iterator[tuple[str, PlayerObjective, Tensor]]:
    """Player and moment, the objective in float64, θ [BLOCK, P]; seeds from ``first`` on."""
    game = Game(network("article"), registry.build("losses", "nonsaturating", {}), 2, threads=2)
    data = np.random.RandomState(0).randn(1000, 2).astype(np.float32)
    state = init(game, data, range(first, first + BLOCK), SETTINGS)
    exact = Method(registry.build("modes", "exact", {}))
    methods: dict[Player, Method] = dict.fromkeys(PLAYERS, exact)
    for moment in MOMENTS:
        while state.step < moment:
            state, _ = step(state, game, methods, SETTINGS)
        batch = state.draws.next()
        for player in PLAYERS:
            bind = discriminator_objective if player == PLAYERS[0] else generator_objective
            other = state.players["generator" if player == PLAYERS[0] else "discriminator"].theta
            drawn = batch.real.double(), batch.latent[player].double()
            name = f"{player}, step {moment}"
            yield name, bind(game, other.double(), *drawn), state.players[player].theta


def differences(f: PlayerObjective, theta: Tensor, index: Tensor, eps: float) -> Tensor:
    """The plain loop over some coordinates: [S, len(index)]."""
    point = theta.clone()
    value = f(point)
    found = []
    for i in index.tolist():
        kept = point[:, i].clone()
        point[:, i] += eps
        found.append((f(point) - value) / eps)
        point[:, i] = kept
    return torch.stack(found, 1)


def measure() -> pd.DataFrame:
    """A row for every point, player, moment, precision, ε and sweep."""
    parts = []
    for first in range(0, POINTS, BLOCK):
        for name, f64, theta32 in objectives(first):
            size = theta32.shape[1]
            chosen = np.random.default_rng(first).choice(size, COORDINATES, False)
            index, unused = torch.from_numpy(chosen), streams.SeedStreams([])
            truth = Exact().estimate(f64, theta32.double(), eps=None, rng=unused).grad[:, index]
            for dtype in (torch.float32, torch.float64):
                f, theta = f64.to(dtype), theta32.to(dtype)
                for eps in EPSILONS:
                    losses, value = f.sweep(theta, eps)
                    ours = ((losses - value[:, None]) / eps)[:, index]
                    with torch.no_grad():
                        plain = differences(f, theta, index, eps)
                    for sweep, found in (("compiled", ours), ("plain loop", plain)):
                        error = (found.double() - truth).norm(dim=1) / truth.norm(dim=1)
                        about = {"panel": f"{name}, {str(dtype).removeprefix('torch.')}"}
                        about |= {"epsilon": eps, "sweep": sweep}
                        zeros = (found == 0).double().mean(1)
                        numbers = {"squared_error": error**2, "zero_fraction": zeros}
                        parts.append(pd.DataFrame(numbers).assign(**about))
    return pd.concat(parts, ignore_index=True)


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Root mean square error and mean zero fraction over points, with 95 % bootstrap intervals."""
    rng = np.random.default_rng(0)
    picks = rng.integers(0, POINTS, (RESAMPLES, POINTS))
    found = []
    for (panel, epsilon, sweep), part in rows.groupby(["panel", "epsilon", "sweep"]):
        line: dict[str, object] = {"panel": panel, "epsilon": epsilon, "sweep": sweep}
        for name, of in (("relative_error", "squared_error"), ("zero_fraction",) * 2):
            values, power = part[of].to_numpy(), 0.5 if of == "squared_error" else 1.0
            low, high = np.quantile(values[picks].mean(1) ** power, [0.025, 0.975])
            line |= {name: values.mean() ** power, f"{name}_low": low, f"{name}_high": high}
        found.append(line)
    return pd.DataFrame(found)


def draw(frame: pd.DataFrame) -> Figure:
    """Rows: relative error and zero fraction; columns: player, moment and precision."""
    panels = list(frame.groupby("panel"))
    figure = Figure(figsize=(2.9 * len(panels), 5.5), layout="constrained")
    axes = figure.subplots(2, len(panels), sharex=True, sharey="row")
    looks = {"plain loop": {"color": "black", "lw": 4, "alpha": 0.35}, "compiled": {"marker": "o"}}
    for column, (panel, part) in enumerate(panels):
        for name, look in looks.items():
            line = part[part["sweep"] == name]
            for axis, what in zip(
                axes[:, column], ("relative_error", "zero_fraction"), strict=True
            ):
                axis.plot(line["epsilon"], line[what], label=name, **look)
                edges = line[f"{what}_low"], line[f"{what}_high"]
                axis.fill_between(line["epsilon"], *edges, color="0.5", alpha=0.25, lw=0)
        axes[0, column].set(title=str(panel).replace(", ", "\n"), xscale="log", yscale="log")
        axes[1, column].set(xlabel="ε (parameter units)")
    axes[0, 0].set_ylabel("relative error (1)")
    axes[1, 0].set_ylabel("share of zeros (1)")
    axes[0, 0].legend(frameon=False)
    return figure


def main() -> None:
    torch.set_num_threads(1)
    frame = summary(measure())
    shown = frame[["panel", "epsilon", "sweep", "relative_error", "zero_fraction"]]
    print(shown.pivot(index=["panel", "epsilon"], columns="sweep").round(4).to_string())
    files.write_text(OUT / "rounding.csv", frame.to_csv(index=False))
    caption = (
        "Relative error and share of exact zeros over ε: compiled sweep and plain loop, "
        f"{POINTS} points; bands: 95 % bootstrap intervals over points."
    )
    drawing.save(draw(frame), OUT / "rounding", 100, "Rounding of the compiled sweep", caption)


if __name__ == "__main__":
    main()
