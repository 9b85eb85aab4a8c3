"""How large the parameters are: what a step is measured against."""

from __future__ import annotations

from torch import Tensor


def sizes(theta: Tensor, *, per_coordinate: bool) -> Tensor:
    """max(1, |θ_i|) [S, P], or max(1, root mean square of θ) [S, 1]; float64, always finite.

    Parameters that have already diverged count as they can: the step must stay a number.
    """
    absolute = theta.detach().double().abs().nan_to_num()
    if not per_coordinate:
        largest = absolute.amax(1, keepdim=True).clamp(min=1.0)
        absolute = largest * (absolute / largest).square().mean(1, keepdim=True).sqrt()
    return absolute.clamp(min=1.0)
