"""Random directions and coordinates, and the gradient estimate that slopes add up to."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from approxgan.core.protocols import Eps, Estimate, Objective, StepSize, Streams
from approxgan.core.settings import whole
from approxgan.estimators._kinds import Differences
from approxgan.estimators._steps import by_seed, shared

BLOCK = 32
"""Directions evaluated at once: bounds memory to that many copies of the parameters."""


def blocks(total: int, size: int = BLOCK) -> list[int]:
    """The sizes of blocks of at most ``size``."""
    return [min(size, total - start) for start in range(0, total, size)]


def with_bases(total: int) -> int:
    """Evaluations of so many one-sided differences: each block has a base value of its own."""
    return total + len(blocks(total))


@dataclass(frozen=True)
class Directions(Differences):
    """(1/q) Σ_k slope_k u_k along random u, with slopes (f(θ + εu) - f(θ)) / ε, or two-sided.

    A subclass states ``sides`` and draws directions.
    """

    directions: Annotated[int, whole()]
    """q, the number of directions of one estimate."""

    sides: ClassVar[int]
    random = True

    def draw(self, total: int, dimension: int, rng: Streams) -> Tensor:
        """[S, total, P] directions."""
        raise NotImplementedError

    def drawn(self, dimension: int, rng: Streams, size: int = BLOCK) -> Iterator[Tensor]:
        """All q directions, block by block."""
        return (self.draw(part, dimension, rng) for part in blocks(self.directions, size))

    def evaluated(
        self, f: Objective, theta: Tensor, step: StepSize, drawn: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """A block of directions [k, S, P], the losses at θ + εu [k, S], and those at θ - εu or,
        one-sided, at θ [1, S].

        No generator evaluates: it would turn a ``StopIteration`` of a loss into another error.
        """
        block = drawn.to(theta).transpose(0, 1)
        along = getattr(f, "along", None) or partial(_along, f)
        first, second = along(theta, block, step, two_sided=self.sides == 2)
        return block, first, second

    def estimate(self, f: Objective, theta: Tensor, *, eps: Eps, rng: Streams) -> Estimate:
        step, theta = shared(eps, theta)
        two_sided = self.sides == 2
        slope = getattr(f, "slope", None)
        if slope is not None and self.directions == 1 and getattr(f, "origin", None) is theta:
            direction = next(self.drawn(theta.shape[1], rng, 1)).to(theta).squeeze(1)
            along, value = slope(direction, step, two_sided=two_sided)
            return Estimate(direction * along, value, forwards=2, backwards=0)
        width = by_seed(2.0 * step if two_sided else step)
        grads, parts = None, []
        for drawn in self.drawn(theta.shape[1], rng, getattr(f, "block", BLOCK)):
            block, first, second = self.evaluated(f, theta, step, drawn)
            slopes = ((first - second) / width).to(theta.dtype)
            grad = _combined(slopes, block)
            grads = grad if grads is None else grads.add_(grad)
            # One-sided, the base value; two-sided, this block's part in the mean of all values.
            share = len(block) / self.directions / 2.0
            parts.append(_mean(first + second) * share if two_sided else second[0])
        spent = 2 * self.directions if two_sided else with_bases(self.directions)
        value = torch.stack(parts).sum(0) if two_sided and len(parts) > 1 else parts[-1]
        assert grads is not None
        grad = grads.div_(self.directions) if self.directions > 1 else grads
        return Estimate(grad, value, forwards=spent, backwards=0)


def _mean(rows: Tensor) -> Tensor:
    """Of [k, S], over k."""
    return rows.mean(0) if len(rows) > 1 else rows[0]


def _combined(slopes: Tensor, block: Tensor) -> Tensor:
    """Σ_k slopes[k] u_k: slopes [k, S] and directions [k, S, P] -> a new [S, P]."""
    if len(block) == 1:  # einsum makes a batch of matrices of it
        return slopes.T * block[0]
    return torch.einsum("ks,ksp->sp", slopes, block)


def _along(
    f: Objective, theta: Tensor, block: Tensor, step: StepSize, *, two_sided: bool
) -> tuple[Tensor, Tensor]:
    """``core.protocols.Lines.along`` for any objective."""
    moves, near = step * block, len(block)
    # In one call, so that both are rounded alike.
    points = theta.new_empty(2 * near if two_sided else near + 1, *theta.shape)
    torch.add(theta, moves, out=points[:near])
    torch.sub(theta, moves if two_sided else torch.zeros_like(moves[:1]), out=points[near:])
    values = f.many(points).detach()
    return values[:near], values[near:]


def subset(rng: Streams, dimension: int, total: int) -> Tensor:
    """[S, total] coordinates without replacement, every subset equally likely.

    The first of a random order. A second draw decides between equal numbers of the first, which
    are common where the streams are rounded to a coarse type.
    """
    first, second = rng.normal(2, dimension).unbind(1)
    shuffled = second.argsort(dim=1, stable=True)
    order = first.gather(1, shuffled).argsort(dim=1, stable=True)
    return shuffled.gather(1, order[:, :total])


def at_coordinates(
    f: Objective, theta: Tensor, step: StepSize, chosen: Tensor
) -> tuple[Tensor, Tensor]:
    """[S, k] one-sided differences along the coordinates ``chosen`` [S, k], and f(θ) [S].

    Cost: ``with_bases(k)`` evaluations.
    """
    steps = torch.as_tensor(step, dtype=theta.dtype, device=theta.device).expand_as(theta)
    slopes, value = [], theta.new_zeros(len(theta))
    for block in chosen.split(BLOCK, dim=1):
        widths = steps.gather(1, block)
        points = theta.repeat(block.shape[1] + 1, 1, 1)
        # The last row stays at θ: its value is rounded as those it is subtracted from.
        points.scatter_add_(2, block.T[..., None], widths.T[..., None])
        values = f.many(points).detach()
        value = values[-1]
        slopes.append(((values[:-1] - value).T / widths).to(theta.dtype))
    return torch.cat(slopes, 1), value
