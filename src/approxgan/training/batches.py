"""Batches and latents of a block of seeds, drawn ahead."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from approxgan.core.protocols import PLAYERS, Generator, Player

BULK = 2**18
"""Random numbers drawn ahead per seed, at most: a block of them stays in the processor's cache."""


@dataclass(frozen=True)
class Batch:
    """The data and latents of one step: real [S, B, dim], latents [S, B, latent]."""

    real: Tensor
    latent: dict[Player, Tensor]
    noise: Tensor | None = None
    """[S, 2, B, dim]: instance noise of the real and of the fake half of the discriminator's."""


@dataclass
class Draws:
    """Batches and latents of every seed, drawn in bulk from the seed's own streams.

    A stream is read in order, so the amount drawn at once changes nothing.
    """

    data: Tensor
    batch: int
    generator: Generator
    dtype: torch.dtype
    sources: list[tuple[np.random.Generator, ...]]
    """Each seed's streams: batches, latents and, where there is any, instance noise."""
    noise: float = 0.0
    """Standard deviation of the instance noise, in data units."""
    ahead: Iterator[Batch] = field(default_factory=lambda: iter(()))
    before: list[Any] = field(default_factory=list)
    """The streams' states before what is drawn ahead was drawn."""
    used: int = 0
    """Batches of it that were used."""

    def next(self) -> Batch:
        found = next(self.ahead, None)
        if found is None:
            self.before = [[stream.bit_generator.state for stream in s] for s in self.sources]
            self.ahead, self.used = self._draw(), 0
            found = next(self.ahead)
        self.used += 1
        return found

    def position(self) -> dict[str, Any]:
        """Where the streams are, as JSON; ``resume`` goes there."""
        return {"before": self.before, "used": self.used}

    def resume(self, position: Mapping[str, Any]) -> None:
        for pair, states in zip(self.sources, position["before"], strict=True):
            for stream, state in zip(pair, states, strict=True):
                stream.bit_generator.state = state
        for _ in range(position["used"]):
            self.next()

    def keep(self, rows: Sequence[int]) -> None:
        """Keep only these rows of the stack."""
        self.sources = [self.sources[row] for row in rows]
        self.before = [self.before[row] for row in rows]
        index = torch.tensor(rows, device=self.data.device)
        self.ahead = (
            Batch(
                b.real[index],
                {p: z[index] for p, z in b.latent.items()},
                None if b.noise is None else b.noise[index],
            )
            for b in self.ahead
        )

    def _draw(self) -> Iterator[Batch]:
        draw = self.generator.draw
        count = max(1, min(100, BULK // (2 * self.batch * max(1, self.generator.width))))
        shape = (count, len(PLAYERS), self.batch)
        place = {"device": self.data.device, "dtype": self.dtype}
        rows, latents, noises = [], [], []
        for batch_stream, latent_stream, *noise_stream in self.sources:
            rows.append(self._rows(batch_stream, count))
            latents.append(draw(latent_stream, shape))
            noises += [
                stream.standard_normal((*shape, self.data.shape[1]), dtype=np.float32)
                for stream in noise_stream
            ]
        latent = torch.from_numpy(np.stack(latents, 2)).to(**place)
        real = self.data[torch.from_numpy(np.stack(rows, 1)).to(self.data.device)]
        noise = torch.from_numpy(np.stack(noises, 1)).to(**place) * self.noise if noises else None
        for k in range(count):
            own = None if noise is None else noise[k]
            yield Batch(real[k], dict(zip(PLAYERS, latent[k], strict=True)), own)

    def _rows(self, stream: np.random.Generator, count: int) -> np.ndarray:
        """[count, B] rows of the data; the whole set in order if the batch is as large."""
        total = len(self.data)
        if self.batch == total:
            return np.tile(np.arange(total), (count, 1))
        return stream.integers(total, size=(count, self.batch))
