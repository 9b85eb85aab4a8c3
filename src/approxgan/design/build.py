"""A choice of the config made into its gradient estimator, or refused with the reason."""

from approxgan.config import registry
from approxgan.config.check import OF_SAMPLES
from approxgan.core.errors import InputError
from approxgan.core.protocols import GradientEstimator, Situation
from approxgan.design.choices import Choice

DIRAC = Situation(dimension=1, slopes=None, penalised=False, rule=None)


def unchecked(choice: Choice) -> GradientEstimator:
    """A choice's estimator, wherever it is to work; ``InputError`` for settings it refuses."""
    # What a match decides is decided at every step.
    matched = dict.fromkeys(registry.matches(choice.mode), 0.0) if choice.match else {}
    own = {key: value for key, value in choice.settings.items() if key not in OF_SAMPLES}
    return registry.build("modes", choice.mode, {**own, **matched})


def estimator(choice: Choice, situation: Situation) -> GradientEstimator:
    """The same; ``InputError`` for a situation that it cannot work in, too."""
    made = unchecked(choice)
    refuses = getattr(made, "refuses", None)
    reason = beyond_torch(made, situation) or (refuses(situation) if refuses else None)
    reason = reason or _beyond_samples(made, choice)
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
        why = "torch cannot differentiate the model's networks (rounding, numpy)"
        return (
            f"{situation.reason or why}; accepted: a model of differentiable torch operations, or "
            "a mode that never differentiates"
        )
    if not situation.vectorises and made.per_coordinate:
        return (
            "steps many coordinates at once by torch.func.vmap, which does not take the model's "
            "networks (numpy, item); accepted: a model of torch operations, or a mode that steps "
            "all parameters together"
        )
    return None


def _beyond_samples(made: GradientEstimator, choice: Choice) -> str | None:
    """Why an estimator cannot evaluate a generator as its ``noise`` and ``at`` ask for."""
    told = {key: value for key, value in choice.settings.items() if key in OF_SAMPLES}
    asked = [value for value in told.values() if value in ("fresh", "output")]
    if asked and (made.sides == 0 or choice.match is not None):
        return f"takes no differences, so that {asked[0]} means nothing; leave it out"
    if "output" not in asked:
        return None
    if hasattr(made, "refresh"):
        return "goes on from its estimate before, of other samples; accepted: at: parameters"
    if choice.step.rule is not None:
        return f"epsilon={choice.step.rule!r} is chosen at the parameters; accepted: a number"
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
    for key in OF_SAMPLES:
        if key in choice.settings:
            raise InputError(f"{choice.mode}: {key} is not accepted here: there is no generator")
    made = estimator(choice, DIRAC)
    if (step.fixed is None) == made.takes_epsilon:
        needs = "needs epsilon, a number > 0" if made.takes_epsilon else "takes no epsilon"
        raise InputError(f"{choice.mode} {needs}; got {step.fixed}")
    return made, step.fixed
