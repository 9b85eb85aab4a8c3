"""From a run's spec to what trains it: settings, the game, each player's method."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from approxgan.config import registry
from approxgan.config.check import OF_SAMPLES
from approxgan.core.errors import InputError
from approxgan.core.protocols import (
    PLAYERS,
    Chosen,
    Control,
    EpsilonRule,
    Estimate,
    GradientEstimator,
    Objective,
    Player,
    Refreshing,
    StepSize,
    Streams,
)
from approxgan.design import build, cells
from approxgan.design.choices import Choice
from approxgan.objective import at_output
from approxgan.objective.game import Game, GeneratorObjective, PlayerObjective

DTYPES = {"float32": torch.float32, "float64": torch.float64, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class Settings:
    """What the config says of training; see config.yaml for meanings and units."""

    steps: int
    batch: int
    learning_rate: float
    beta1: float
    beta2: float
    adam_epsilon: float
    dtype: str
    device: str
    average: float
    instance_noise: float
    divergence_threshold: float

    @property
    def torch_dtype(self) -> torch.dtype:
        return DTYPES[self.dtype]

    @classmethod
    def of(cls, training: Mapping[str, Any]) -> "Settings":
        """From a spec's ``training``, which says more; 0 steps where a budget decides them."""
        return cls(
            **{f.name: training[f.name] for f in fields(cls) if f.name != "steps"},
            steps=training.get("steps", 0),
        )


@dataclass(frozen=True)
class Method:
    """How one player's gradients are made: an estimator and ε, or the step rule that chooses ε.

    A matched control has, at every step, the error of another method's estimate at the same θ,
    batch and draws.
    """

    estimator: GradientEstimator
    epsilon: float | None = None
    rule: EpsilonRule | None = None
    matched: "Method | None" = None
    noise: str = "common"
    """Of a generator's draws in all evaluations of an estimate: ``common`` or ``fresh``."""
    at: str = "parameters"
    """Where the estimator works: there or, sample by sample, at a generator's ``output``."""

    def on(
        self, f: PlayerObjective, noise: Callable[[], Sequence[np.random.Generator]]
    ) -> PlayerObjective:
        """The objective as the method evaluates it; ``noise`` makes each seed's stream of draws."""
        fresh = self.noise == "fresh" and isinstance(f, GeneratorObjective)
        return cast("GeneratorObjective", f).fresh(noise()) if fresh else f

    @property
    def stepping(self) -> "Method":
        """The method that takes ε: a control's match."""
        return self.matched or self

    def choose(self, rule: EpsilonRule, f: Objective, theta: Tensor, rng: Streams) -> Chosen:
        """ε that the rule chooses at θ [S, P]."""
        one = self.stepping.estimator
        return rule.choose(f, theta, sides=one.sides, per_coordinate=one.per_coordinate, rng=rng)

    @property
    def refreshes(self) -> bool:
        """Whether estimates go on from the ones before: see ``core.protocols.Refreshing``."""
        return hasattr(self.estimator, "refresh")

    def estimate(
        self,
        f: Objective,
        theta: Tensor,
        *,
        eps: StepSize | None,
        rng: Streams,
        before: Tensor | None = None,
    ) -> Estimate:
        """The gradient at θ [S, P]; a control's cost holds that of what it is matched with.

        ``before`` [S, P] is the last estimate's gradient, of a method that ``refreshes``. Raises
        ``InputError`` for an estimate of another form.
        """
        version = theta._version
        made = self._made(f, theta, eps=eps, rng=rng, before=before)
        check_form(made, theta, type(self.estimator).__name__)
        if theta._version != version:
            raise InputError(f"{type(self.estimator).__name__}: θ is changed in place; copy it")
        return made

    def _made(
        self,
        f: Objective,
        theta: Tensor,
        *,
        eps: StepSize | None,
        rng: Streams,
        before: Tensor | None,
    ) -> Estimate:
        if before is not None:
            return cast("Refreshing", self.estimator).refresh(before, f, theta, eps=eps, rng=rng)
        if self.at == "output" and getattr(f, "player", "") == "generator":
            maker = cast("GeneratorObjective", f)
            return at_output.estimate(self.estimator, maker, theta, eps=eps, rng=rng)
        if self.matched is None:
            return self.estimator.estimate(f, theta, eps=eps, rng=rng)
        like = self.matched.estimator.estimate(f, theta, eps=eps, rng=rng)
        made = cast("Control", self.estimator).estimate_like(like, f, theta, rng=rng)
        return replace(
            made,
            forwards=made.forwards + like.forwards,
            backwards=made.backwards + like.backwards,
            runs=made.made + like.made,
        )


def check_form(made: Estimate, theta: Tensor, name: str) -> None:
    """Raise ``InputError`` for an estimate that is not what ``Estimate`` documents for θ [S, P]."""
    if not isinstance(made, Estimate):
        raise InputError(f"{name}: estimate gives {type(made).__name__}; accepted: Estimate")
    for what, shape in (("grad", theta.shape), ("value", theta.shape[:1])):
        found = getattr(made, what)
        form = found.shape if isinstance(found, torch.Tensor) else type(found).__name__
        if form != shape:
            said = form if isinstance(form, str) else list(form)
            raise InputError(f"{name}: {what} is {said}; accepted: a tensor {list(shape)}")
    if made.grad.dtype != theta.dtype:
        raise InputError(f"{name}: grad is {made.grad.dtype}; accepted: {theta.dtype}, that of θ")
    for what, count in (("forwards", made.forwards), ("backwards", made.backwards)):
        if not isinstance(count, int) or count < 0:
            raise InputError(f"{name}: {what} is {count!r}; accepted: a whole number, 0 or more")


Methods = dict[Player, Method]


def method(choice: Choice, rules: Mapping[str, Any]) -> Method:
    """A choice's method; ``rules`` are the definitions of the step rules, by name."""
    matched = None if choice.match is None else method(choice.match, rules)
    estimator = build.unchecked(choice)
    own = {key: choice.settings[key] for key in OF_SAMPLES if key in choice.settings}
    if not estimator.takes_epsilon:
        return Method(estimator, matched=matched, **own)
    rule = choice.step.rule
    if rule is not None:
        return Method(estimator, rule=registry.build("rules", rule, dict(rules[rule])), **own)
    return Method(estimator, choice.step.fixed, **own)


def methods(spec: Mapping[str, Any]) -> Methods:
    """How each player's gradients are made in a run."""
    rules = spec["definitions"]["rules"]
    return {player: method(Choice.of(spec[player]), rules) for player in PLAYERS}


def check_device(device: str) -> None:
    """Raises ``InputError`` for a device that this machine lacks."""
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("training.device=cuda, but torch finds no CUDA device; accepted: cpu")


def game_of(spec: Mapping[str, Any], dim: int, threads: int) -> Game:
    """Networks and loss of a spec; one thread unless told otherwise."""
    torch.set_num_threads(threads)
    loss = spec["definitions"]["loss"]
    model = cells.build_model(spec["definitions"]["model"])
    return Game(model, cells.build_loss(loss), dim, threads, float(loss.get("r1", 0.0)))
