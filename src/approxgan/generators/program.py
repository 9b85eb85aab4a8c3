"""A command that reads parameters and draws, and writes samples: any simulator."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from approxgan.core.errors import InputError
from approxgan.core.settings import (
    POSITIVE,
    Checked,
    Rule,
    is_finite,
    one_of,
    several,
    shown,
    whole,
    within,
)
from approxgan.generators import _workers

WORD = Rule(lambda value: isinstance(value, str) and value.isprintable() and value != "", "a word")
NUMBER = Rule(is_finite, "a finite number")
PARAMETERS = several(NUMBER, "a list of numbers, one a parameter")


@dataclass(frozen=True)
class Program(Checked):
    """x = command(θ, draws), one row of draws and of θ for each sample.

    The draws are uniform on [0, 1), float64. A program gives equal samples for equal rows: it takes
    all its randomness from the draws, as numbers or as the seed of its own. With ``format`` json it
    runs on, and answers a line {"parameters": [n][P], "draws": [n][W]} by a line {"samples":
    [n][columns]}. With npy it is started for every call with the names of three files, parameters,
    draws and the samples that it writes. Raises ``InputError`` for a program that fails, does not
    answer in time, or gives anything but finite samples; the message names the call.
    """

    command: Annotated[Sequence[str], several(WORD, "a list of words, the program first")]
    format: Annotated[str, one_of(*_workers.KINDS)]
    start: Annotated[Sequence[float], PARAMETERS]
    """θ at the start."""
    spread: Annotated[float, within(0.0)]
    """Standard deviation over seeds of θ at the start."""
    draws: Annotated[int, whole(least=0, most=100_000)]
    """W: random numbers for each sample."""
    rows: Annotated[int, whole(most=10_000_000)]
    """Samples of one call, at most."""
    workers: Annotated[int, whole(most=256)]
    """Copies of the program that run at once."""
    seconds: Annotated[float, POSITIVE]
    """For one call; then the program is stopped, and the run with it."""
    truth_at: Sequence[float] | None = None
    """θ behind simulated data, if there are any."""

    differentiable = False
    why_not_differentiable = "the generator is another program: torch sees no derivative"

    def __post_init__(self) -> None:
        super().__post_init__()
        if shutil.which(self.command[0]) is None:
            raise ValueError(
                f"command: {shown(self.command[0])} is no program that can be started; accepted: "
                "one on the path, or the name of its file"
            )
        if self.truth_at is not None:
            PARAMETERS.check("truth_at", self.truth_at)
            if len(self.truth_at) != len(self.start):
                raise ValueError(
                    f"truth_at is {shown(self.truth_at)}; accepted: {len(self.start)} numbers, as "
                    "start has"
                )

    @property
    def width(self) -> int:
        return self.draws

    def size(self, dim: int) -> int:
        return len(self.start)

    def layer_sizes(self, dim: int) -> list[int]:
        return [len(self.start)]

    def init(self, dim: int, rng: np.random.Generator) -> np.ndarray:
        return np.array(self.start, float) + self.spread * rng.standard_normal(len(self.start))

    def truth(self, dim: int) -> np.ndarray | None:
        return None if self.truth_at is None else np.array(self.truth_at, dtype=np.float64)

    def draw(
        self, rng: np.random.Generator, shape: tuple[int, ...], dtype: type = np.float32
    ) -> np.ndarray:
        return rng.random((*shape, self.draws), dtype=dtype)

    def run(self, dim: int, theta: Tensor, draws: Tensor, kink: float | None = None) -> Tensor:
        """NaN where a parameter is not finite: the program is not asked."""
        count = draws.shape[1]
        parameters = theta.detach().double().cpu().numpy().repeat(count, 0)
        numbers = draws.detach().double().cpu().numpy().reshape(len(parameters), self.draws)
        asked = np.flatnonzero(np.isfinite(parameters).all(1))
        made = np.full((len(parameters), dim), np.nan)
        parts = [asked[at : at + self.rows] for at in range(0, len(asked), self.rows)]
        pool = _workers.pool(self.format, tuple(self.command), self.seconds, self.workers)
        answers = pool.map([(parameters[part], numbers[part]) for part in parts])
        for number, (part, answer) in enumerate(zip(parts, answers, strict=True), 1):
            reason = _wrong(answer, (len(part), dim))
            if reason is not None:
                at = ", ".join(f"{value:.6g}" for value in parameters[part[0]][:8])
                raise InputError(
                    f"program {' '.join(self.command)}: call {number} of {len(parts)}, of "
                    f"{len(part)} samples, the first at parameters [{at}]: {reason}"
                )
            made[part] = answer
        return torch.from_numpy(made).to(theta).unflatten(0, (len(theta), count))


def _wrong(answer: np.ndarray | _workers.Failed, shape: tuple[int, int]) -> str | None:
    """Why an answer is not samples of this shape."""
    if isinstance(answer, _workers.Failed):
        return str(answer)
    if answer.shape != shape or not np.issubdtype(answer.dtype, np.number):
        return f"its samples are {answer.dtype} {[*answer.shape]}; accepted: numbers {[*shape]}"
    if not np.isfinite(answer).all():
        return f"{int((~np.isfinite(answer)).sum())} of its numbers are not finite"
    return None
