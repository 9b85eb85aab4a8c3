"""Reverse-mode automatic differentiation: the reference for all other modes."""

from approxgan.estimators._kinds import Derivatives


class Exact(Derivatives):
    """∇f by backpropagation (Linnainmaa 1970; Griewank and Walther 2008).

    Cost: 1 evaluation and 1 reverse pass.
    """
