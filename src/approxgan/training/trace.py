"""Observers of a training run: the trace, the samples at snapshots, and the clock."""

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from approxgan.core.autograd import NotDifferentiable, gradient
from approxgan.core.pair import offers, says_what_it_learns
from approxgan.core.protocols import PLAYERS, Player, StepSize
from approxgan.objective.game import Game, GeneratorObjective, PlayerObjective
from approxgan.training import errors, streams
from approxgan.training.heldout import HeldOut
from approxgan.training.loop import StepInfo, TrainState, totals

OF_A_STEP = ("step", *totals({}))

PROGRESS_LINES, PROGRESS_SECONDS = 10, 20.0
"""Of a job's log, which is shown elsewhere: lines at least, and seconds between two at most."""


def true_gradient(f: PlayerObjective, theta: Tensor) -> Tensor:
    """[S, P] by autograd in float64, at the same θ, batch and latents; NaN where there is none.

    Of a generator that torch cannot differentiate it is that of the expected loss over all
    outcomes, if they can be listed.
    """
    loss: Any = f.to(torch.float64)
    if isinstance(f, GeneratorObjective) and not f.game.generator.differentiable:
        if "expected" not in offers(f.game.generator, f.game.dim):
            return torch.full_like(theta, torch.nan, dtype=torch.float64)
        loss = loss.expected
    try:
        return gradient(loss, theta.double()).grad
    except NotDifferentiable:
        return torch.full_like(theta, torch.nan, dtype=torch.float64)


def epsilon_quantile(epsilon: StepSize | None, seeds: int, level: float) -> Tensor:
    """[S]: a quantile over coordinates of the ε used, linear between ranks; NaN for none."""
    if isinstance(epsilon, Tensor):
        # torch.quantile takes at most 2²⁴ numbers.
        place = level * (epsilon.shape[1] - 1)
        first = int(place)
        below, above = (
            epsilon.kthvalue(min(rank, epsilon.shape[1]), dim=1).values.double()
            for rank in (first + 1, first + 2)
        )
        return below.lerp(above, place - first)
    return torch.full((seeds,), np.nan if epsilon is None else float(epsilon), dtype=torch.float64)


class Trace:
    """One row a traced step and seed: losses, norms, gradient errors, ε, cost so far."""

    columns: tuple[str, ...] = (
        *(
            f"{player}_{name}"
            for player in PLAYERS
            for name in ("loss", "gradient_norm", "update_norm", "epsilon_used", "exact_zeros")
        ),
        *HeldOut.columns,
        *errors.PER_PLAYER,
    )

    def __init__(self, seeds: Sequence[int], every: int, held_out: HeldOut) -> None:
        self._seeds = list(seeds)
        self._every = every
        self._held_out = held_out
        self._rows: list[dict[str, np.ndarray]] = []
        self._counts: list[dict[str, int]] = []

    def see(self, info: StepInfo) -> bool:
        """Take the row of a traced step; whether the step is one."""
        if info.step % self._every:
            return False
        row = {name: np.full(len(self._seeds), np.nan) for name in self.columns}
        place = [self._seeds.index(seed) for seed in info.seeds]
        for name, value in self._held_out.measure(info.theta, info.seeds).items():
            row[name][place] = value.cpu().numpy()
        for player in PLAYERS:
            for name, value in _player(info, player).items():
                row[f"{player}_{name}"][place] = value.double().cpu().numpy()
        self._rows.append(row)
        self._counts.append({"step": info.step, **totals(info.counts)})
        return True

    def arrays(self) -> dict[str, np.ndarray]:
        """step and evaluations so far [T]; seeds [S]; every other column [T, S]."""
        columns = {
            name: np.array([row[name] for row in self._rows]).reshape(-1, len(self._seeds))
            for name in self.columns
        }
        return {
            **{n: np.array([c[n] for c in self._counts], dtype=np.int64) for n in OF_A_STEP},
            "seeds": np.array(self._seeds),
            **columns,
        }

    def resume(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Go on after the rows that ``arrays`` gave."""
        columns = (arrays[name].tolist() for name in OF_A_STEP)
        counted = [dict(zip(OF_A_STEP, row, strict=True)) for row in zip(*columns, strict=True)]
        for name in self.columns:
            if arrays[name].shape != (len(counted), len(self._seeds)):
                raise ValueError(f"trace.{name} is {[*arrays[name].shape]}")
        self._rows = [
            {name: arrays[name][row].copy() for name in self.columns} for row in range(len(counted))
        ]
        self._counts = counted


class Snapshots:
    """Samples of every seed's generator at the start and after each equal part of the run.

    Of its average, where there is one. The latents are the same at every snapshot and for every
    mode. The parameters are kept too where a metric can look at them.
    """

    def __init__(self, game: Game, seeds: Sequence[int], steps: int, parts: int, n: int) -> None:
        self._game = game
        self._seeds = list(seeds)
        self._due = [steps * part // parts for part in range(parts + 1)]
        draw = game.generator.draw
        latents = [draw(streams.generator(seed, "evaluation"), (n,)) for seed in seeds]
        self._latents = torch.from_numpy(np.stack(latents))
        self._samples = np.full((len(seeds), len(self._due), n, game.dim), np.nan, dtype=np.float32)
        size = game.size("generator") if says_what_it_learns(game.generator, game.dim) else 0
        self._parameters = np.full((len(seeds), len(self._due), size), np.nan)

    @torch.no_grad()
    def see(self, state: TrainState) -> None:
        if state.step not in self._due or not state.seeds:
            return
        place = [self._seeds.index(seed) for seed in state.seeds]
        theta = state.players["generator"].theta if state.average is None else state.average
        latents = self._latents[place].to(theta)
        drawn = self._game.make(theta, latents)
        found = (drawn if drawn.dtype == torch.float64 else drawn.float()).cpu().numpy()
        # In the run's own precision: float32 could round away what float64 has learnt.
        self._samples = self._samples.astype(found.dtype, copy=False)
        at = self._due.index(state.step)
        self._samples[place, at] = found
        if self._parameters.shape[2]:
            self._parameters[place, at] = theta.double().cpu().numpy()

    def arrays(self) -> dict[str, np.ndarray]:
        """steps [T], seeds [S], samples [S, T, n, dim], float64 in a float64 run and float32 in
        others; parameters [S, T, P] where there are any. NaN after divergence.
        """
        learnt = {"parameters": self._parameters} if self._parameters.shape[2] else {}
        return {
            "steps": np.array(self._due),
            "seeds": np.array(self._seeds),
            "samples": self._samples,
            **learnt,
        }

    def resume(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Go on after the snapshots that ``arrays`` gave."""
        for name, own in self.arrays().items():
            if arrays[name].shape != own.shape:
                raise ValueError(f"shots.{name} is {[*arrays[name].shape]}")
        self._samples = arrays["samples"].copy()
        self._parameters = arrays.get("parameters", self._parameters).copy()


def _player(info: StepInfo, player: Player) -> dict[str, Tensor]:
    """The trace's numbers [S] of one player."""
    f, theta, estimate = info.objectives[player], info.theta[player], info.estimates[player]
    return {
        "loss": estimate.value,
        "gradient_norm": estimate.grad.double().norm(dim=-1),
        "update_norm": (info.after[player].double() - theta.double()).norm(dim=-1),
        "epsilon_used": epsilon_quantile(info.epsilon[player], len(info.seeds), 0.5),
        "exact_zeros": (f.preactivations(theta) == 0).double().mean(1),
        **errors.gradient_errors(estimate.grad, true_gradient(f, theta)),
    }


class Clock:
    """Processor and wall seconds of the training itself, without those of observers.

    Time for which the process is suspended is wall time alone.
    """

    def __init__(self) -> None:
        self._started: tuple[float, float] | None = None
        self.seconds = 0.0
        self.cpu_seconds = 0.0
        self.marks: list[tuple[int, float, float]] = []
        """(step, wall seconds, processor seconds)"""

    def start(self) -> None:
        self._started = (time.perf_counter(), time.process_time())

    def stop(self) -> None:
        if self._started is not None:
            self.seconds += time.perf_counter() - self._started[0]
            self.cpu_seconds += time.process_time() - self._started[1]
            self._started = None

    def mark(self, step: int) -> None:
        """Keep the seconds at a step, while stopped."""
        self.marks.append((step, self.seconds, self.cpu_seconds))


def losses(info: StepInfo | None) -> str:
    """Both players' at a step, means over the seeds whose losses are finite."""
    if info is None:
        return ""
    told = []
    for player in PLAYERS:
        values = info.estimates[player].value.double()
        known = values[values.isfinite()]
        told += [f"{player} {known.mean().item():.4g}"] * bool(len(known))
    return f"losses at step {info.step}: {', '.join(told) or 'none is finite'}"


class Progress:
    """A bar on a terminal, otherwise a few lines for the log."""

    def __init__(self, steps: int, what: str) -> None:
        self._steps = steps
        self._what = what
        self._terminal = sys.stderr.isatty()
        self._bar: Any = tqdm(total=steps, desc=what, unit="step", disable=not self._terminal)
        self._every = max(1, steps // PROGRESS_LINES)
        self._last = time.monotonic()
        self._info: StepInfo | None = None

    def see(self, step: int, seeds: int, info: StepInfo | None = None) -> None:
        self._info = info or self._info
        if self._terminal:
            self._bar.update(step - self._bar.n)
            return
        now = time.monotonic()
        if step % self._every == 0 or now - self._last > PROGRESS_SECONDS:
            self._last = now
            done = f"{self._what}: step {step} of {self._steps}, {seeds} seeds training"
            print("; ".join(filter(None, (done, losses(self._info)))), file=sys.stderr, flush=True)

    def close(self) -> None:
        self._bar.close()
