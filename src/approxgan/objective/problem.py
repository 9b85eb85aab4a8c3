"""A player's loss as one chain of dense layers: what compiled sweeps work on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from approxgan.core.protocols import Function


@dataclass(frozen=True)
class SampleTerm:
    """The same term for a stretch of samples of a ``DenseProblem``: rows start to stop."""

    start: int
    stop: int
    function: Function
    sign: float
    weight: float
    """The loss is Σ weight · mean(function(sign · logit))."""


@dataclass(frozen=True)
class DenseProblem:
    """A player's loss written as one chain of dense layers, for compiled sweeps.

    Layer l maps ``sizes[l]`` to ``sizes[l + 1]``: a = W h + b, then ``activations[l]``, which is
    'tanh', 'softplus' or a slope: h = a where a > 0 and slope·a elsewhere (1: a linear layer). The
    last layer gives the logit. The swept player owns the first ``owned`` layers; its flat
    parameters are W [out, in] row by row, then b, layer by layer. The rest of the chain is frozen.
    """

    sizes: tuple[int, ...]
    activations: tuple[float | str, ...]
    owned: int
    inputs: Tensor
    """[S, N, sizes[0]]"""
    frozen: Tensor
    """[S, Q]: flat parameters of the layers behind the owned ones, in the same order."""
    terms: tuple[SampleTerm, ...]
    constant: Tensor
    """[S]: what the terms that do not depend on the swept player add."""
