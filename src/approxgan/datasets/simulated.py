"""Data of a generator of which the true parameters are known."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np

from approxgan.core.protocols import Generator, Law
from approxgan.core.settings import Checked, whole


@dataclass(frozen=True)
class Simulated(Checked):
    """Samples of ``generator`` at its own truth; every point is a draw of its own.

    In a config ``generator`` is a map, as a model's may be: its kind and settings.
    """

    generator: Generator
    columns: Annotated[int, whole(most=100_000)]
    """Of the data."""

    def __post_init__(self) -> None:
        super().__post_init__()
        refuses = getattr(self.generator, "refuses", lambda dim: None)
        reason = refuses(self.columns)
        if reason is None and self._true() is None:
            reason = "it states no true parameters, such as a teacher; accepted: one that does"
        if reason is not None:
            raise ValueError(f"columns is {self.columns}: the generator: {reason}")

    def _true(self) -> np.ndarray | None:
        """[P]"""
        truth: Any = getattr(self.generator, "truth", lambda dim: None)
        return truth(self.columns)

    @property
    def dim(self) -> int:
        return self.columns

    @property
    def support(self) -> int | None:
        listed = self.law.outcomes
        return None if listed is None else len(listed)

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        import torch

        draws = torch.from_numpy(self.generator.draw(rng, (1, n), np.float64))
        theta = torch.from_numpy(self._true())[None]
        return self.generator.run(self.columns, theta, draws)[0].numpy().astype(np.float64)

    def training(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.sample(n, rng)

    def modes(self) -> None:
        return None

    @cached_property
    def law(self) -> Law:
        """What is known of the density."""
        from approxgan.core import pair

        true = self._true()
        assert true is not None
        return pair.law(self.generator, self.columns, true)
