"""A point of the grid: the step ε, one player's choice of an estimator, a cell."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from approxgan.config.check import OF_TRAINING, TUNED


@dataclass(frozen=True)
class Step:
    """ε as the config states it: a fixed number, a rule that chooses one, or none.

    Every other form comes from here: ``stated`` in configs and specs, ``folder`` in paths, and
    ``number`` with ``origin`` in the columns epsilon and rule of the tables.
    """

    fixed: float | None = None
    rule: str | None = None
    """Name of a step rule; at most one of the two is given."""

    @classmethod
    def of(cls, stated: float | str | None) -> "Step":
        """From a config or a spec: a number, the name of a rule, or None."""
        if isinstance(stated, str):
            return cls(rule=stated)
        return cls() if stated is None else cls(fixed=float(stated))

    @property
    def stated(self) -> float | str | None:
        return self.fixed if self.rule is None else self.rule

    @property
    def number(self) -> float:
        """The fixed number; NaN where there is none."""
        return math.nan if self.fixed is None else self.fixed

    @property
    def origin(self) -> str:
        """How ε comes about: fixed, the rule's name, or empty without ε."""
        return self.rule or ("" if self.fixed is None else "fixed")

    @property
    def folder(self) -> str:
        """The step in a path: epsilon1e-3, the rule's name, or empty without ε."""
        return self.rule or ("" if self.fixed is None else f"epsilon{scientific(self.fixed)}")


def scientific(value: float) -> str:
    """The one spelling of a number in paths: 0.001 -> '1e-3', 2.5 -> '2.5e0'.

    Two floats have the same spelling only if they are the same float.
    """
    sign, digits, exponent = Decimal(repr(float(value))).normalize().as_tuple()
    text = "".join(map(str, digits))
    mantissa = text[0] + (f".{text[1:]}" if len(text) > 1 else "")
    return f"{'-' if sign else ''}{mantissa}e{int(exponent) + len(text) - 1}"


@dataclass(frozen=True)
class Choice:
    """How one player's gradient is made."""

    mode: str
    step: Step
    """For a matched control, the step of the estimates that it is matched with."""
    settings: Mapping[str, Any]
    match: "Choice | None" = None
    """The estimates whose error a control has at every step; None for no match."""

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> "Choice":
        """From a spec, as ``spec`` writes it."""
        match = None if spec["match"] is None else cls.of(spec["match"])
        return cls(spec["mode"], Step.of(spec["epsilon"]), spec["settings"], match)

    @property
    def spec(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "mode": self.mode,
            "epsilon": self.step.stated,
            "settings": dict(self.settings),
            "match": None if self.match is None else self.match.spec,
        }


@dataclass(frozen=True)
class Cell:
    """One training job: everything but the seeds is one point of the grid."""

    study: str
    dataset: str
    model: str
    loss: str
    generator: Choice
    discriminator: Choice
    seeds: tuple[int, ...]
    training: Mapping[str, Any] = field(repr=False)
    """All of it, the study's and the entry's."""
    varied: Mapping[str, Any] = field(default_factory=dict)
    """What the entry changes of the study's training."""
    tuned: str = ""
    """Name of the tuning that decides the rest; empty for a cell that says all itself."""
    axes: Mapping[str, Any] = field(default_factory=dict)
    """What the tuning decides, and the values that it tries."""
    chosen: Mapping[str, Any] = field(default_factory=dict)
    """What the tuning, or a budget, has decided."""

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> "Cell":
        """From a run's spec, with what was ``chosen`` in its place."""
        spec = settled(spec)
        return cls(
            spec["study"],
            spec["dataset"],
            spec["model"],
            spec["loss"],
            Choice.of(spec["generator"]),
            Choice.of(spec["discriminator"]),
            tuple(spec["seeds"]),
            spec["training"],
            spec["varied"],
            spec["tuned"],
            spec["axes"],
            spec["chosen"],
        )


def settled(spec: Mapping[str, Any], chosen: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A run's spec with what is ``chosen``, or was, put in its place.

    A value is a key of ``training``, the step ``epsilon``, or a setting of the modes that take it.
    """
    chosen = {**spec.get("chosen", {}), **(chosen or {})}
    made = {**spec, "chosen": chosen, "training": dict(spec["training"])}
    for key, value in chosen.items():
        if key in OF_TRAINING:
            made["training"][key] = value
            continue
        for player in ("generator", "discriminator"):
            choice = made[player]
            if key == "epsilon" and choice["epsilon"] == TUNED:
                made[player] = {**choice, "epsilon": value}
            elif choice["settings"].get(key) == TUNED:
                made[player] = {**choice, "settings": {**choice["settings"], key: value}}
    return made
