"""Where rounding stops forward differences: measured beside theory, and what a sweep costs there.

``python -m benchmarks.wall`` prints the tables of docs/rounding.md. Sweeps are real arithmetic:
direct in float32 and float64, and torch's forward passes, batched, in bfloat16.

Theory takes the exact loss F and gradient g, and one rounding of each loss to a multiple of u,
its unit in the last place. A rounding error is then uniform over u, so its standard deviation is
ε_f = u / √12, and that of (f(θ + ε·e_i) − f(θ)) / ε is √2·ε_f / ε (Gill, Murray, Saunders and
Wright 1983, SIAM J. Sci. Stat. Comput. 4:310; Moré and Wild 2012, ACM Trans. Math. Softw. 38:19).
Over P coordinates the relative error is √(2 P)·ε_f / (ε·‖g‖). A difference is 0 where |g_i·ε| is
below u / 2, half a unit. Truncation and rounding inside the networks are not in it.

The benchmark's group ``wall`` has direct, compiled, ``torch.func.vmap`` in its fastest chunk and
the loop side by side on one thread, with each one's error and zeros.
"""

from __future__ import annotations

import math
import statistics
import time
from typing import Any

import torch
from torch import Tensor

from approxgan.core.protocols import PLAYERS, Player
from approxgan.objective.game import PlayerObjective
from approxgan.objective.sweep import compiled, direct, loops
from benchmarks.games import objective
from benchmarks.gradient import CHUNKS, TRIAL, Part, by_hand, loop, spread, vmapped
from benchmarks.measure import Row

NETWORKS = ("compact", "article")
BATCH = 64
DTYPES = (torch.float32, torch.bfloat16, torch.float64)
STEPS = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
RACED = (1e-7, 1e-6, 1e-5, 1e-3)
"""Steps of the benchmark."""
SPREAD = 2048
"""Coordinates, evenly spread, of a network with more that are swept in bfloat16."""
BUDGET = 2.0
"""Seconds over which a slow contender runs on fewer coordinates, and its time scaled up."""

SHORT = 0.1
"""Seconds over which a fast contender is repeated."""


def exact(f: PlayerObjective, theta: Tensor) -> tuple[float, Tensor]:
    """Loss and gradient [P] of one seed in float64."""
    point = theta.double().requires_grad_()
    with torch.enable_grad():
        value = f.to(torch.float64)(point).sum()
        (gradient,) = torch.autograd.grad(value, point)
    return float(value), gradient[0]


def unit(value: float, dtype: torch.dtype) -> float:
    """The unit in the last place of a number of this type."""
    return torch.finfo(dtype).eps * 2.0 ** math.floor(math.log2(abs(value)))


def theory(value: float, gradient: Tensor, step: float, dtype: torch.dtype) -> tuple[float, float]:
    """Relative error and share of zeros, from one rounding of each loss."""
    u, root = unit(value, dtype), math.sqrt(2 * len(gradient))
    error = root * u / math.sqrt(12) / (step * float(gradient.norm()))
    return error, float((gradient.abs() * step < u / 2).double().mean())


def measured(estimate: Tensor, gradient: Tensor) -> tuple[float, float]:
    """Relative error and share of zeros of a gradient [K]."""
    error = (estimate.double() - gradient).norm() / gradient.norm()
    return float(error), float((estimate == 0).double().mean())


def _estimate(f: PlayerObjective, theta: Tensor, step: float) -> tuple[Tensor, Tensor]:
    """Coordinates and their differences, in the arithmetic of the type."""
    index = torch.arange(theta.shape[1])
    if theta.dtype == torch.bfloat16:
        index = spread(theta.shape[1], SPREAD)

        def along(part: Tensor) -> Tensor:
            return f(theta.index_copy(1, index, part))

        swept = loops.batched(along, theta[:, index], step)
    else:
        problem = f.dense()
        assert problem is not None
        swept = direct.sweep(problem, theta, step)
    return index, (swept.losses - swept.value[:, None])[0].double() / step


def contenders(f: PlayerObjective, theta: Tensor, step: float) -> dict[str, list[Part]]:
    """Each in the forms it can take."""
    problem = f.dense()
    assert problem is not None

    def ours(way: Any) -> list[Part]:
        def run(_index: Tensor) -> Tensor:
            swept = way.sweep(problem, theta, step)
            return (swept.losses - swept.value[:, None])[0] / step

        return [run]

    hand = by_hand(problem)
    return {
        "direct": ours(direct),
        "compiled": ours(compiled),
        "torch.func vmap": [vmapped(hand, theta[0], chunk, step) for chunk in CHUNKS],
        "in-place loop": [loop(hand, theta[0], step)],
    }


def _seconds(part: Part, index: Tensor) -> tuple[Tensor, float, float]:
    """The result, and seconds by the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    found = part(index)
    return found, time.perf_counter() - clock, time.process_time() - processor


def race(network: str, player: Player, step: float, repeats: int) -> list[Row]:
    """The contenders' rows at one step."""
    f, theta = objective(network, player, BATCH)
    (_, gradient), count, rows = exact(f, theta), theta.shape[1], []
    case = f"{player[0].upper()} {network} batch {BATCH} {short(step)}"
    for name, forms in contenders(f, theta, step).items():
        index = spread(count, max(CHUNKS) if len(forms) > 1 else TRIAL)
        for form in forms:  # the first call compiles, or lays out memory
            form(index)
        taken, best = min((_seconds(form, index)[2], k) for k, form in enumerate(forms))
        part = count
        if name not in ("direct", "compiled"):
            part = max(len(index), int(BUDGET / taken * len(index)))
        index = spread(count, part)
        share = len(index) / count
        # Three calls of a millisecond would be chance.
        calls = max(repeats, int(SHORT / taken))
        found = [_seconds(forms[best], index) for _ in range(calls)]
        error, zeros = measured(found[0][0], gradient[index])
        clock, processor = ([n / share for n in ns] for ns in list(zip(*found, strict=True))[1:])
        rows.append(
            Row(
                "wall", case, name, statistics.median(clock), min(clock), 0.0, calls, 1, share,
                statistics.median(processor), error=error, zeros=zeros,
            )
        )  # fmt: skip
    return rows


def run(quick: bool) -> list[Row]:
    """Both networks and players at four steps."""
    torch.set_num_threads(1)
    with torch.no_grad():
        return [
            row
            for network in NETWORKS[: 1 if quick else 2]
            for player in PLAYERS
            for step in RACED
            for row in race(network, player, step, 3)
        ]


def short(step: float) -> str:
    """1e-7 rather than 1e-07."""
    return f"ε {step:.0e}".replace("e-0", "e-")


def main() -> None:
    """Print a table for each network and player: measured, and in brackets theory."""
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    titles = [str(dtype).removeprefix("torch.") for dtype in DTYPES]
    for network in NETWORKS:
        for player in PLAYERS:
            f, theta = objective(network, player, BATCH)
            value, gradient = exact(f, theta)
            print(f"\n{network}, {player}: {theta.shape[1]} parameters, loss {value:.3f}\n")
            print("| | " + " | ".join(f"{t}: error | zeros" for t in titles) + " |")
            print("|---" * (1 + 2 * len(titles)) + "|")
            for step in STEPS:
                cells = [short(step)]
                for dtype in DTYPES:
                    index, estimate = _estimate(f.to(dtype), theta.to(dtype), step)
                    error, zeros = measured(estimate, gradient[index])
                    e, z = theory(value, gradient[index], step, dtype)
                    cells += [f"{error:.2g} ({e:.2g})", f"{zeros:.3g} ({z:.3g})"]
                print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
