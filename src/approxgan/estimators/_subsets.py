"""Random subsets of the coordinates."""

from __future__ import annotations

from torch import Tensor

from approxgan.core.protocols import Streams


def subset(rng: Streams, dimension: int, count: int) -> Tensor:
    """[S, count] coordinates without replacement, every subset equally likely.

    The first of a random order. A second draw decides between equal numbers of the first, which
    are common where the streams are rounded to a coarse type.
    """
    first, second = rng.normal(2, dimension).unbind(1)
    shuffled = second.argsort(dim=1, stable=True)
    order = first.gather(1, shuffled).argsort(dim=1, stable=True)
    return shuffled.gather(1, order[:, :count])
