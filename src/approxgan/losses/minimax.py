"""The minimax loss of Goodfellow et al. (2014)."""

from approxgan.core.protocols import Term


class Minimax:
    """L_G = E log(1 - D(G(z))); L_D = -E log D(x) - E log(1 - D(G(z)))."""

    generator = (Term("fake", "softplus", 1.0, -1.0),)
    discriminator = (Term("real", "softplus", -1.0, 1.0), Term("fake", "softplus", 1.0, 1.0))
