"""The hinge loss of Lim and Ye (2017)."""

from approxgan.core.protocols import Term


class Hinge:
    """L_G = -E D(G(z)); L_D = E max(0, 1 - D(x)) + E max(0, 1 + D(G(z))), D the logit."""

    generator = (Term("fake", "identity", 1.0, -1.0),)
    discriminator = (Term("real", "hinge", -1.0, 1.0), Term("fake", "hinge", 1.0, 1.0))
