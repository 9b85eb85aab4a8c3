"""The scalar functions that GAN losses are made of, as functions of the logit.

log D(x) = -softplus(-logit) and log(1 - D(x)) = -softplus(logit), which stay finite where the
logarithm of a rounded sigmoid does not.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from approxgan.core.protocols import Function, Term


def softplus(x: Tensor) -> Tensor:
    """log(1 + e^x), to rounding: beyond 40 it is x. Left alone, torch takes x from 20 on."""
    return functional.softplus(x, threshold=40.0)


FUNCTIONS: dict[Function, Callable[[Tensor], Tensor]] = {
    "identity": lambda x: x,
    "softplus": softplus,
    "sigmoid": torch.sigmoid,
    "square": torch.square,
    "square_to_one": lambda x: torch.square(x - 1.0),
    "hinge": lambda x: torch.relu(1.0 + x),
}


def total(terms: Sequence[Term], real: Tensor | None, fake: Tensor | None) -> Tensor | float:
    """Σ weight · mean over the batch; real and fake logits [S, B] -> [S] (0.0 without terms)."""
    result: Tensor | float = 0.0
    for term in terms:
        logits = real if term.on == "real" else fake
        if logits is None:
            raise ValueError(f"a term on {term.on} logits needs them, but none were given")
        scaled = logits if term.sign == 1.0 else term.sign * logits
        result = result + term.weight * FUNCTIONS[term.function](scaled).mean(-1)
    return result


def each(terms: Sequence[Term], logits: Tensor) -> Tensor:
    """What every sample contributes, [S, B] -> [S, B]: the mean over B is ``total``."""
    found = torch.zeros_like(logits)
    for term in terms:
        found = found + term.weight * FUNCTIONS[term.function](term.sign * logits)
    return found
