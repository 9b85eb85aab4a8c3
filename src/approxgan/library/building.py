"""Estimators by name, and the number ε, with the defaults and the errors of the library."""

import math
from functools import lru_cache
from numbers import Number
from typing import Any, ClassVar, cast

from approxgan.config import registry
from approxgan.core.errors import InputError
from approxgan.core.protocols import GradientEstimator
from approxgan.core.settings import plain, shown


def built(mode: str | GradientEstimator, settings: dict[str, Any]) -> GradientEstimator:
    """The estimator; raises ``InputError`` for an unknown name and settings that do not fit."""
    if not isinstance(mode, str):
        if settings or not callable(getattr(mode, "estimate", None)):
            raise InputError(
                f"mode is {type(mode).__name__} with settings {sorted(settings)}; accepted: a "
                "mode's name with settings, or an object with a method estimate without"
            )
        return cast(GradientEstimator, _Own(mode))
    given = tuple(sorted((key, plain(value)) for key, value in settings.items()))
    try:
        return _known(mode, given)
    except TypeError:  # a setting that is not hashable
        return _known.__wrapped__(mode, given)


@lru_cache(maxsize=256)
def _known(mode: str, given: tuple[tuple[str, Any], ...]) -> GradientEstimator:
    settings = dict(given)
    if "needs" in registry.describe("modes", mode).constants:
        raise InputError(
            f"{mode} is for the generators of the workflow, whose samples it sees; accepted: for a "
            "loss of one's own, approxgan.library.score_function.surrogate, or another mode"
        )
    if "directions" in registry.describe("modes", mode).required:
        settings.setdefault("directions", 1)
    return registry.build("modes", mode, settings)


class _Own:
    """A user's estimator; what it does not state is as ``approxgan.testing.check`` has it."""

    usual: ClassVar = {
        "takes_epsilon": True,
        "sides": 0,
        "per_coordinate": False,
        "differentiates": False,
    }

    def __init__(self, given: Any) -> None:
        self._given = given

    def __getattr__(self, name: str) -> Any:
        if name in self.usual:
            return getattr(self._given, name, self.usual[name])
        return getattr(self._given, name)


def name_of(mode: str | GradientEstimator) -> str:
    return mode if isinstance(mode, str) else type(mode).__name__


def number_of(eps: Any, mode: str | GradientEstimator) -> float:
    """ε as a number; raises ``InputError`` unless it is finite and > 0."""
    if type(eps) is float and 0.0 < eps < math.inf:
        return eps
    try:
        value = plain(eps)
        right = isinstance(value, Number) and not isinstance(value, bool)
        size = float(cast(Any, value)) if right else math.nan
    except (TypeError, ValueError, RuntimeError, OverflowError):
        size = math.nan
    if not 0.0 < size < math.inf:
        raise InputError(
            f"eps is {shown(eps)}; {name_of(mode)} needs a finite number > 0, such as "
            "approxgan.choose_step's"
        )
    return size
