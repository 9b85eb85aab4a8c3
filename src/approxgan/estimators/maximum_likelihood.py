"""The likelihood of the data in place of a discriminator's judgement."""

from dataclasses import replace

from torch import Tensor

from approxgan.core.autograd import gradient
from approxgan.core.protocols import Eps, Estimate, Objective, Streams
from approxgan.estimators._sampled import Sampled


class MaximumLikelihood(Sampled):
    """∇ of -(1/B) Σ_b log p(y_b | θ) over the batch of data y, whatever the discriminator says.

    Not an estimate of the GAN's gradient, but what GANs for text are measured by: they have not
    been better (Caccia et al. 2020). The estimate's value is the loss of log-likelihood in nats.
    Cost: 1 evaluation and 1 reverse pass, of log p alone; no samples are drawn.
    """

    needs = "likelihood"

    def estimate(self, f: Objective, theta: Tensor, *, eps: Eps, rng: Streams) -> Estimate:
        seen = self.seen(f)
        return replace(gradient(lambda at: -seen.likelihood(at), theta), runs=0)
