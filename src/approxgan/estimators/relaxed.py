"""The gradient of the loss of relaxed samples."""

from approxgan.estimators._sampled import Relaxation


class Relaxed(Relaxation):
    """∇f of samples that a temperature makes differentiable, at the same draws.

    Letters become softmax((logits + Gumbel) / temperature) (Jang et al. 2017; Maddison et al.
    2017). The discriminator judges what the generator never makes: a bias, which falls with the
    temperature as the variance grows. Cost: that of ``exact``.
    """

    straight = False
