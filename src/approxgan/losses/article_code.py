"""The losses of the article's listing, taken literally: both see real data only."""

from approxgan.core.protocols import Term


class ArticleCode:
    """L_G = -E D(x); L_D = E logit(x).

    L_G does not depend on the generator, whose gradient is therefore exactly 0; L_D has no
    lower bound.
    """

    generator = (Term("real", "sigmoid", 1.0, -1.0),)
    discriminator = (Term("real", "identity", 1.0, 1.0),)
