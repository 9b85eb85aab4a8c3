"""How far a gradient estimate is from the true gradient."""

import torch
from torch import Tensor

from approxgan.core.protocols import PLAYERS

NAMES = ("relative_error", "cosine", "sign_agreement", "zero_fraction", "norm_ratio")
PER_PLAYER = tuple(f"{player}_{name}" for player in PLAYERS for name in NAMES)


def gradient_errors(estimate: Tensor, truth: Tensor) -> dict[str, Tensor]:
    """Estimate and truth [..., P] -> one number per row and name; NaN where it is not defined.

    Computed in float64. Sign agreement counts the coordinates where neither is 0, so that the
    entries an estimate loses to rounding show in ``zero_fraction`` alone.
    """
    ghat, g = estimate.double(), truth.double()
    size, length = g.norm(dim=-1), ghat.norm(dim=-1)
    both = (ghat != 0) & (g != 0)
    agree = ((ghat.sign() == g.sign()) & both).sum(-1)
    return {
        "relative_error": _ratio((ghat - g).norm(dim=-1), size),
        "cosine": _ratio((ghat * g).sum(-1), length * size),
        "sign_agreement": _ratio(agree.double(), both.sum(-1).double()),
        "zero_fraction": (ghat == 0).double().mean(-1),
        "norm_ratio": _ratio(length, size),
    }


def _ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    nothing = torch.full_like(numerator, torch.nan)
    return torch.where(denominator > 0, numerator / denominator, nothing)
