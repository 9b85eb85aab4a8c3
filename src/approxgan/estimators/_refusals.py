"""Reasons for which several modes cannot work somewhere."""

from __future__ import annotations

from approxgan.core.protocols import Situation


def of_penalty(situation: Situation) -> str | None:
    """Why a mode made of loss values alone does not serve a penalised loss."""
    if not situation.penalised:
        return None
    return (
        "never differentiates, but the loss holds a gradient penalty, which is a derivative "
        "itself; accepted: a loss without gradient penalty, or a mode that differentiates"
    )


def of_room(name: str, count: int, situation: Situation) -> str | None:
    """Why a setting that counts coordinates or axes does not fit a player."""
    if count <= situation.dimension:
        return None
    return (
        f"{name}={count} is more than the {situation.dimension} parameters of a player; "
        f"accepted: 1 to {situation.dimension}"
    )
