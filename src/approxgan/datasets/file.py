"""Rows of a .npy or .csv file of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from approxgan.core.settings import require_share
from approxgan.datasets._rows import Split, split
from approxgan.datasets._table import read


@dataclass(frozen=True)
class File:
    """A row of the file is a point, as it stands: no scaling.

    A fixed permutation splits the rows; the true density is the empirical distribution of the
    held-out ones. The file is read and checked when the dataset is built. Raises ``ValueError``
    for a file that breaks a rule of ``_table.read`` and for settings out of range.
    """

    path: str
    """The file; a relative one starts from the working directory."""
    held_out: float
    """Share of the rows kept from training, between 0 and 1."""

    reads: ClassVar[tuple[str, ...]] = ("path",)

    def __post_init__(self) -> None:
        require_share("held_out", self.held_out)
        _rows(self.path, self.held_out)

    @property
    def dim(self) -> int:
        """The file's number of columns."""
        return _rows(self.path, self.held_out).training.shape[1]

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """[n, dim] float64: independent draws, with replacement, from the held-out rows."""
        return _rows(self.path, self.held_out).draw(n, rng)

    def training(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """[n, dim] float64: the first n training rows, whatever ``rng`` is.

        Raises ``ValueError`` if there are fewer.
        """
        return _rows(self.path, self.held_out).first(n)

    @property
    def support(self) -> int:
        """Different held-out rows."""
        return _rows(self.path, self.held_out).support

    def refuses(self, points: int) -> str | None:
        """Why there are not so many training rows."""
        return _rows(self.path, self.held_out).refuses(points)

    def modes(self) -> None:
        """None: unknown."""
        return None


def _rows(path: str, held_out: float) -> Split:
    return split(read(path), held_out)


variant = File
