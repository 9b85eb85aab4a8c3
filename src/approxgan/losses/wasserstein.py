"""The Wasserstein loss of Arjovsky et al. (2017) with weight clipping."""

from dataclasses import dataclass

from approxgan.core.protocols import Term
from approxgan.core.settings import Checked, Positive


@dataclass(frozen=True)
class Wasserstein(Checked):
    """L_G = -E D(G(z)); L_D = -E D(x) + E D(G(z)), D the logit.

    The critic's weights and biases are clipped to ±clip after each of its updates. Trained here
    with one critic step to a generator step, as the other losses are; the paper takes five.
    """

    clip: Positive
    """Largest size of a parameter of the critic; the paper's is 0.01."""

    generator = (Term("fake", "identity", 1.0, -1.0),)
    discriminator = (Term("real", "identity", 1.0, -1.0), Term("fake", "identity", 1.0, 1.0))
