"""What the datasets made of given rows share: the split in two, and the draws from its parts."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np

from approxgan.core.settings import Checked

SEED = 0
FEWEST = 2
"""Rows that a part must have at least: one alone would not be a distribution."""


class Split(NamedTuple):
    """Rows for training, and rows kept from it: their empirical distribution is the true density.

    A perfect generator scores a little worse than null: both parts differ by chance.
    """

    training: np.ndarray
    held_out: np.ndarray
    """Both [rows, dim] float64."""


class Rows(Checked, ABC):
    """A dataset of given rows, split in two."""

    @abstractmethod
    def rows(self) -> Split:
        """The same split at every call."""

    @property
    def support(self) -> int:
        """Different held-out rows."""
        return len(np.unique(self.rows().held_out, axis=0))

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """[n, dim] float64: draws with replacement from the held-out rows."""
        held_out = self.rows().held_out
        return held_out[rng.integers(len(held_out), size=n)]

    def training(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """[n, dim] float64: the first n rows; raises ``ValueError`` if there are fewer."""
        reason = self.refuses(n)
        if reason is not None:
            raise ValueError(reason)
        return self.rows().training[:n].copy()

    def refuses(self, points: int) -> str | None:
        """Why there are not so many training rows."""
        most = len(self.rows().training)
        if 1 <= points <= most:
            return None
        return f"points is {points}; the training part has {most} rows; accepted: 1 to {most}"

    def modes(self) -> None:
        return None


def split(rows: np.ndarray, held_out: float) -> Split:
    """Rows [count, dim] in two by a fixed permutation.

    The training parts of different shares begin with the same rows. Raises ``ValueError`` for a
    share that leaves fewer than two rows in a part.
    """
    count = len(rows)
    kept = round(held_out * count)
    if not FEWEST <= kept <= count - FEWEST:
        raise ValueError(
            f"held_out is {held_out!r}: {kept} of {count} rows are held out; "
            f"accepted: a share that leaves {FEWEST} rows or more in both parts"
        )
    # NumPy promises that its legacy generator never changes: the split is the same everywhere.
    shuffled = rows[np.random.RandomState(SEED).permutation(count)]
    shuffled.flags.writeable = False
    return Split(shuffled[: count - kept], shuffled[count - kept :])
