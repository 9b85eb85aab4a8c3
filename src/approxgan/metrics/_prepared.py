"""Metrics whose numbers follow from the samples and the reference alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from approxgan.core.protocols import Dataset


class Prepared(ABC):
    """A metric that does once, for many samples, what the reference needs."""

    def __call__(
        self,
        samples: np.ndarray,
        reference: np.ndarray,
        dataset: Dataset,
        rng: np.random.Generator,
    ) -> dict[str, float]:
        """samples [n, dim], reference [m, dim]; deterministic. Raises ``ValueError``."""
        return self.against(reference)(samples)

    @abstractmethod
    def against(self, reference: np.ndarray) -> Callable[[np.ndarray], dict[str, float]]:
        """The metric of samples against this reference."""
