"""Random numbers: every seed has its own streams, and every purpose its own stream of a seed.

Numbers are drawn in float32 or float64 by NumPy on the processor, whatever the run's dtype and
device, so that runs in float32, in float64 and on a GPU see the same starts, batches and latents.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Purpose = Literal[
    "start",
    "batch",
    "latent",
    "direction",
    "evaluation",
    "data",
    "reference",
    "perturbation",
    "scored_reference",
    "null_samples",
    "null_reference",
    "instance_noise",
    "noise",
]
KEYS = dict(zip(get_args(Purpose), (*range(8), 100, 102, 103, 104, 105), strict=True))
"""Of a purpose's streams: each keeps its own."""


def generator(seed: int, purpose: Purpose, *further: int) -> np.random.Generator:
    """The stream of one seed for one purpose; ``further`` numbers split it."""
    key = (KEYS[purpose], *further)
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=key))


class SeedStreams:
    """``core.protocols.Streams`` over stacked seeds: row s comes from seed s alone."""

    def __init__(
        self,
        generators: Sequence[np.random.Generator],
        dtype: torch.dtype | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        """Numbers of ``dtype``, float64 unless told otherwise."""
        # Not at the top: stages that train nothing draw from ``generator`` and start in a second.
        import torch

        self._generators = list(generators)
        self._dtype = torch.float64 if dtype is None else dtype
        self._device = device

    def _tensor(self, rows: np.ndarray) -> Tensor:
        import torch

        return torch.from_numpy(rows).to(device=self._device, dtype=self._dtype)

    def normal(self, *shape: int) -> Tensor:
        """[S, *shape] standard normal, the same numbers for every dtype."""
        rows = [g.standard_normal(shape, dtype=np.float32) for g in self._generators]
        return self._tensor(np.stack(rows))

    def signs(self, *shape: int) -> Tensor:
        """[S, *shape] of -1 and 1 with equal probability."""
        count = math.prod(shape)
        drawn = b"".join(g.bytes((count + 7) // 8) for g in self._generators)
        seeds = len(self._generators)
        octets = np.frombuffer(drawn, dtype=np.uint8).reshape(seeds, (count + 7) // 8)
        bits = np.unpackbits(octets, axis=1, count=count)
        return self._tensor(bits.reshape(seeds, *shape).astype(np.float32) * 2 - 1)
