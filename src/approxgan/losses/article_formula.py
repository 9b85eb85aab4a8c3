"""The article's printed formulas, taken literally: they swap the players' roles."""

from approxgan.core.protocols import Term


class ArticleFormula:
    """L_G = -E log D(x) - E log(1 - D(G(z))); L_D = +E log D(x) + E log(1 - D(G(z))).

    The generator minimises the discriminator's classification loss and the discriminator
    maximises it. L_G's first term does not depend on the generator.
    """

    generator = (Term("real", "softplus", -1.0, 1.0), Term("fake", "softplus", 1.0, 1.0))
    discriminator = (Term("real", "softplus", -1.0, -1.0), Term("fake", "softplus", 1.0, -1.0))
