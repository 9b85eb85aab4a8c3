"""A choice of the config made into its gradient estimator, or refused with the reason."""

from __future__ import annotations

from approxgan.config import registry
from approxgan.core.errors import InputError
from approxgan.core.protocols import GradientEstimator, Situation
from approxgan.design.choices import Choice

DIRAC = Situation(dimension=1, slopes=None, penalised=False, rule=None)


def unchecked(choice: Choice) -> GradientEstimator:
    """A choice's estimator, wherever it is to work; ``InputError`` for settings it refuses."""
    # What a match decides is decided at every step.
    matched = dict.fromkeys(registry.matches(choice.mode), 0.0) if choice.match else {}
    return registry.build("modes", choice.mode, {**choice.settings, **matched})


def estimator(choice: Choice, situation: Situation) -> GradientEstimator:
    """The same; ``InputError`` for a situation that it cannot work in, too."""
    made = unchecked(choice)
    refuses = getattr(made, "refuses", None)
    reason = beyond_torch(made, situation) or (refuses(situation) if refuses else None)
    if reason is not None:
        raise InputError(f"{choice.mode}: {reason}")
    if choice.match is not None and hasattr(estimator(choice.match, situation), "refresh"):
        raise InputError(
            f"{choice.mode}: match: {choice.match.mode} goes on from its estimate before, which a "
            "control has not; accepted: a mode that makes each estimate anew"
        )
    return made


def beyond_torch(made: GradientEstimator, situation: Situation) -> str | None:
    """Why an estimator cannot work on networks that are not made of torch's operations."""
    if not situation.differentiable and made.differentiates:
        return (
            "torch cannot differentiate the model's networks (rounding, numpy); accepted: a model "
            "of differentiable torch operations, or a mode that never differentiates"
        )
    if not situation.vectorises and made.per_coordinate:
        return (
            "steps many coordinates at once by torch.func.vmap, which does not take the model's "
            "networks (numpy, item); accepted: a model of torch operations, or a mode that steps "
            "all parameters together"
        )
    return None


def played(choice: Choice) -> tuple[GradientEstimator, float | None]:
    """Estimator and ε of a choice that the Dirac-GAN is played with; raises ``InputError``."""
    step = choice.step
    if choice.match is not None:
        raise InputError(
            f"{choice.mode}: a control cannot be matched in the Dirac-GAN; give its settings"
        )
    if step.rule is not None:
        raise InputError(f"{choice.mode}: epsilon={step.rule!r} must be a number here")
    made = estimator(choice, DIRAC)
    if (step.fixed is None) == made.takes_epsilon:
        needs = "needs epsilon, a number > 0" if made.takes_epsilon else "takes no epsilon"
        raise InputError(f"{choice.mode} {needs}; got {step.fixed}")
    return made, step.fixed
