"""The slope of the discriminator at true samples, and that of relaxed ones below it."""

from approxgan.estimators._sampled import Relaxation


class StraightThrough(Relaxation):
    """∇f at the true samples, times the derivative of relaxed samples of the same draws.

    Bengio et al. (2013); with letters the straight-through Gumbel-softmax of Jang et al. (2017).
    Biased, unless the loss is linear in the samples and the mean of relaxed samples that of true
    ones. Cost: 2 evaluations, counting that of true samples as a whole one, and 1 reverse pass.
    """

    straight = True
