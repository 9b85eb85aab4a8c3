"""``python -m benchmarks.rounding``: the compiled sweep's rounding beside the plain loop's.

Relative error and share of exactly zero differences of forward differences over ε, on the same
random coordinates of the article's networks, in both precisions. Writes
results/benchmarks/rounding.{csv,svg,png}.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor

from approxgan import drawing, record, registry, streams
from approxgan.core import PLAYERS
from approxgan.gan import Game, PlayerObjective, discriminator_objective, generator_objective
from approxgan.gradients.exact import Exact
from benchmarks.games import network

EPSILONS = [10.0**k for k in range(-8, 0)]
COORDINATES = 500
POINTS = 6
BATCH = 64
OUT = Path("results/benchmarks")


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
    """Root mean square error over points, relative to ‖g‖, and zero fractions."""
    rows = []
    model = network("article")
    game = Game(model, registry.build("losses", "nonsaturating", {}), 2, threads=2)
    for seed in range(POINTS):
        rng = streams.generator(seed, "data")
        start = {p: torch.from_numpy(model.init(p, 2, rng)[None]).float() for p in PLAYERS}
        real = torch.from_numpy(rng.standard_normal((1, BATCH, 2), dtype=np.float32))
        latent = torch.from_numpy(rng.standard_normal((1, BATCH, model.latent), dtype=np.float32))
        for player in PLAYERS:
            bind = discriminator_objective if player == PLAYERS[0] else generator_objective
            other = start["generator" if player == PLAYERS[0] else "discriminator"]
            index = torch.from_numpy(rng.choice(start[player].shape[1], COORDINATES, False))
            f64 = bind(game, other.double(), real.double(), latent.double())
            unused = streams.SeedStreams([])
            truth = Exact().estimate(f64, start[player].double(), eps=None, rng=unused).grad
            for dtype in (torch.float32, torch.float64):
                f, theta = f64.to(dtype), start[player].to(dtype)
                for eps in EPSILONS:
                    losses, value = f.sweep(theta, eps)
                    ours = ((losses - value[:, None]) / eps)[:, index]
                    with torch.no_grad():
                        plain = differences(f, theta, index, eps)
                    for name, found in (("compiled", ours), ("plain loop", plain)):
                        error = (found.double() - truth[:, index]).norm() / truth[:, index].norm()
                        rows.append(
                            {
                                "player": player,
                                "dtype": str(dtype).removeprefix("torch."),
                                "epsilon": eps,
                                "sweep": name,
                                "squared_error": float(error) ** 2,
                                "zero_fraction": float((found == 0).double().mean()),
                            }
                        )
    frame = pd.DataFrame(rows)
    by = ["player", "dtype", "epsilon", "sweep"]
    mean = frame.groupby(by, as_index=False).mean()
    mean["relative_error"] = mean.pop("squared_error") ** 0.5
    return mean


def draw(frame: pd.DataFrame) -> Figure:
    """Rows: relative error and zero fraction; columns: player and precision."""
    panels = list(frame.groupby(["player", "dtype"]))
    figure = Figure(figsize=(3.2 * len(panels), 5.5), layout="constrained")
    axes = figure.subplots(2, len(panels), sharex=True, sharey="row")
    looks = {"plain loop": {"color": "black", "lw": 4, "alpha": 0.35}, "compiled": {"marker": "o"}}
    for column, ((player, dtype), part) in enumerate(panels):
        for name, look in looks.items():
            line = part[part["sweep"] == name]
            for axis, what in zip(
                axes[:, column], ("relative_error", "zero_fraction"), strict=True
            ):
                axis.plot(line["epsilon"], line[what], label=name, **look)
        axes[0, column].set(title=f"{player}, {dtype}", xscale="log", yscale="log")
        axes[1, column].set(xlabel="ε (parameter units)")
    axes[0, 0].set_ylabel("relative error (1)")
    axes[1, 0].set_ylabel("share of zeros (1)")
    axes[0, 0].legend(frameon=False)
    return figure


def main() -> None:
    torch.set_num_threads(1)
    frame = measure()
    wide = frame.pivot(index=["player", "dtype", "epsilon"], columns="sweep").round(6)
    print(wide.to_string())
    record.write_text(OUT / "rounding.csv", frame.to_csv(index=False))
    caption = "Relative error and share of exact zeros over ε: compiled sweep and plain loop."
    drawing.save(draw(frame), OUT / "rounding", 100, "Rounding of the compiled sweep", caption)


if __name__ == "__main__":
    main()
