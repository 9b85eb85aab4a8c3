"""The non-saturating loss of Goodfellow et al. (2014), used by most GANs."""

from approxgan.core.protocols import Term


class Nonsaturating:
    """L_G = -E log D(G(z)); L_D = -E log D(x) - E log(1 - D(G(z)))."""

    generator = (Term("fake", "softplus", -1.0, 1.0),)
    discriminator = (Term("real", "softplus", -1.0, 1.0), Term("fake", "softplus", 1.0, 1.0))
