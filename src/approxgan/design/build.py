"""A choice of the config made into its gradient estimator, or refused with the reason."""

from __future__ import annotations

from approxgan.config import registry
from approxgan.core.errors import InputError
from approxgan.core.protocols import Choice, GradientEstimator, Situation

DIRAC = Situation(dimension=1, slopes=None, penalised=False, rule=None)


def estimator(choice: Choice, situation: Situation) -> GradientEstimator:
    """A choice's estimator; raises ``InputError`` for settings or a place it cannot work with."""
    # What a match decides has no number before training.
    matched = dict.fromkeys(registry.matches(choice.mode), 0.0) if choice.match else {}
    made = registry.build("modes", choice.mode, {**choice.settings, **matched})
    reason = made.refuses(situation) if hasattr(made, "refuses") else None
    if reason is not None:
        raise InputError(f"{choice.mode}: {reason}")
    return made


def played(choice: Choice) -> tuple[GradientEstimator, float | None]:
    """Estimator and ε of a choice that the Dirac-GAN is played with; raises ``InputError``."""
    epsilon = choice.epsilon
    if choice.match is not None:
        raise InputError(
            f"{choice.mode}: a control cannot be matched in the Dirac-GAN; give its settings"
        )
    if isinstance(epsilon, str):
        raise InputError(f"{choice.mode}: epsilon={epsilon!r} must be a number here")
    made = estimator(choice, DIRAC)
    if (epsilon is None) == made.takes_epsilon:
        needs = "needs epsilon, a number > 0" if made.takes_epsilon else "takes no epsilon"
        raise InputError(f"{choice.mode} {needs}; got {epsilon}")
    return made, epsilon
