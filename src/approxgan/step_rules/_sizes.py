"""What a rule starts from: the point, and how large the parameters are there."""

from torch import Tensor

from approxgan.core.autograd import constant


def start(theta: Tensor, sides: int) -> Tensor:
    """θ without its graph; raises ``ValueError`` unless ε is the step of a difference there."""
    if sides not in (1, 2):
        raise ValueError(f"sides={sides}: a rule chooses the step of a difference; accepted: 1, 2")
    return constant(theta)


def sizes(theta: Tensor, *, per_coordinate: bool) -> Tensor:
    """max(1, |θ_i|) [S, P], or max(1, root mean square of θ) [S, 1]; float64, always finite."""
    absolute = theta.detach().double().abs().nan_to_num()
    if not per_coordinate:
        largest = absolute.amax(1, keepdim=True).clamp(min=1.0)
        absolute = largest * (absolute / largest).square().mean(1, keepdim=True).sqrt()
    return absolute.clamp(min=1.0)
