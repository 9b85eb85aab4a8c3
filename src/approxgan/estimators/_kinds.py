"""The two kinds of estimators, and reasons for which several of them refuse."""

from __future__ import annotations

from typing import ClassVar

from approxgan.core.protocols import Situation


class Derivatives:
    """Estimators from derivatives by torch, without ε; see ``core.protocols.GradientEstimator``."""

    takes_epsilon: ClassVar[bool] = False
    sides: ClassVar[int] = 0
    per_coordinate: ClassVar[bool] = False
    order: ClassVar[int | None] = None
    random: ClassVar[bool] = False
    differentiates: ClassVar[bool] = True


class Differences:
    """Estimators from loss values at steps of ε; a subclass states ``sides``."""

    takes_epsilon: ClassVar[bool] = True
    per_coordinate: ClassVar[bool] = False
    order: ClassVar[int | None] = None
    random: ClassVar[bool] = False
    differentiates: ClassVar[bool] = False

    def refuses(self, situation: Situation) -> str | None:
        if not situation.penalised:
            return None
        return (
            "never differentiates, but the loss holds a gradient penalty, which is a derivative "
            "itself; accepted: a loss without gradient penalty, or a mode that differentiates"
        )


def too_many(name: str, count: int, situation: Situation) -> str | None:
    """Why a setting that counts coordinates or axes does not fit a player."""
    if count <= situation.dimension:
        return None
    return (
        f"{name}={count} is more than the {situation.dimension} parameters of a player; "
        f"accepted: 1 to {situation.dimension}"
    )
