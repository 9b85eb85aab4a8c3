"""How far a generator's parameters are from those behind the data."""

from collections.abc import Callable
from typing import ClassVar

import numpy as np

from approxgan.core.protocols import Fitted, Truth
from approxgan.core.settings import Checked


class ParameterError(Checked):
    """√(mean of (θ_i - θ*_i)²) over the parameters, and the ``parameter_bias``, the mean of θ - θ*.

    In units of the parameters. θ* are the parameters of the generator that made the data. Other
    data, and generators that mean something else by their parameters, get no numbers.
    """

    directions: ClassVar = {"parameter_error": "lower", "parameter_bias": "neither"}
    of_parameters = True

    def against(self, truth: Truth) -> Callable[[Fitted], dict[str, float]]:
        true = truth.parameters

        def score(fitted: Fitted) -> dict[str, float]:
            if true is None or fitted.parameters is None:
                return {}
            gap = fitted.parameters - true
            return {
                "parameter_error": float(np.sqrt(np.square(gap).mean())),
                "parameter_bias": float(gap.mean()),
            }

        return score
