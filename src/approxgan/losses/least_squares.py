"""The least-squares loss of Mao et al. (2017), with targets 0, 1 and 1."""

from approxgan.core.protocols import Term


class LeastSquares:
    """L_G = ½ E (D(G(z)) - 1)²; L_D = ½ E (D(x) - 1)² + ½ E D(G(z))², D the logit."""

    generator = (Term("fake", "square_to_one", 1.0, 0.5),)
    discriminator = (Term("real", "square_to_one", 1.0, 0.5), Term("fake", "square", 1.0, 0.5))
