"""How often estimators evaluate a player's objective, and what that takes of a machine.

Counts come from specs and from what the variants' files state, so that the Snakefile can ask for
them: nothing is imported. ``approxgan plan`` measures SPEEDS on this machine in a few seconds.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import os
import platform
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from approxgan.config import registry
from approxgan.design import cells

Spec = Mapping[str, Any]


class Speed(NamedTuple):
    """Seconds of one evaluation, however small, and of each of its units; see ``Place.work``."""

    call: float
    unit: float


SPEEDS = {
    "gradient": Speed(1.5e-3, 6e-10),
    "value": Speed(1.5e-3, 3e-10),
    "sweep": Speed(1.5e-3, 5e-11),
    "score": Speed(3e-2, 2e-9),
}
"""For machines that have measured none: half as fast as the one of docs/scale.md, or slower."""
SIZE = {"float32": 4.0, "float64": 8.0, "bfloat16": 2.0}
SLOWER = {"float32": 1.0, "float64": 1.8, "bfloat16": 3.0}
CHUNK, TOGETHER, LANES = 256.0, 66.0, 20.0
"""Copies at once of a batched sweep, of directions; numbers kept for a coordinate of another."""
PARAMETER, UNIT, SMOOTH = 60.0, 4500.0, 15.0
"""In products of a direct sweep: what a parameter and a unit of a network take in a compiled one,
and what a product does where activations are smooth."""
MB, MOST = 2.0**20, 1e18
UNKNOWN = {"latent": 128, "generator": [256, 256], "discriminator": [256, 256]}
"""What a model that states no such widths is taken for, and 64 columns of unknown data."""


class Work(NamedTuple):
    """How often an estimator evaluates its objective."""

    gradients: float = 0.0
    values: float = 0.0
    sweeps: float = 0.0


OBSERVED = Work(gradients=2.0, values=4.0)
"""What a row of the trace takes for each player, in float64."""


class Place(NamedTuple):
    """Where a player's objective is evaluated: a chain of dense layers."""

    parameters: float
    """Of the player itself, in each seed."""
    weights: float
    """Of the whole chain: multiplications for one row."""
    units: float
    rows: float
    """Of all seeds."""
    seeds: float
    dtype: str
    products: float
    """Of a coordinate sweep for one row, direct or compiled; 0 where it is batched."""

    def work(self, done: Work) -> dict[str, tuple[float, float]]:
        """Kind of evaluation -> how many calls, and units: see SPEEDS."""
        row = self.rows * self.weights * SLOWER[self.dtype]
        values, calls = done.values, math.ceil(done.values / TOGETHER)
        sweeps = done.sweeps if self.products else 0.0
        if not self.products:
            values += done.sweeps * self.parameters
            calls += math.ceil(done.sweeps * self.parameters / CHUNK)
        each = self.rows * self.products * SLOWER[self.dtype]
        return {
            "gradient": (done.gradients, done.gradients * row),
            "value": (calls, values * row),
            "sweep": (sweeps, sweeps * each),
        }

    def seconds(self, done: Work) -> float:
        known = speeds()
        return sum(
            calls * known[kind].call + units * known[kind].unit
            for kind, (calls, units) in self.work(done).items()
        )

    def mb(self, done: Work) -> float:
        """Held at the peak of an estimate, Adam's moments and the step's copies included."""
        copies = max(2.0, min(done.values, TOGETHER))
        if done.sweeps and not self.products:
            copies = max(copies, min(CHUNK, self.parameters + 1.0))
        own = 2.0 * copies + min(done.values, MOST) + done.gradients + 8.0
        own += LANES if done.sweeps and self.products else 0.0
        held = self.seeds * self.parameters * own + 2.0 * copies * self.rows * self.units
        return held * SIZE[self.dtype] / MB


def places(spec: Spec, dtype: str = "") -> list[Place]:
    """Where the estimates of the discriminator and of the generator are made."""
    model, told = spec["definitions"]["model"], spec["training"]
    known = {**UNKNOWN, **{key: model[key] for key in UNKNOWN if key in model}}
    latent, dim = float(known["latent"]), columns(spec["definitions"]["dataset"])
    judge = [dim, *map(float, known["discriminator"]), 1.0]
    make = [latent, *map(float, known["generator"]), dim]
    dtype, seeds = dtype or told["dtype"], float(len(spec["seeds"]))
    own_sweep = "activation" in model and told["device"] == "cpu" and dtype != "bfloat16"
    smooth = model.get("activation") not in ("leaky_relu", "relu")
    found = []
    for nodes, own, rows in ((judge, len(judge), 2.0), (make + judge[1:], len(make), 1.0)):
        sizes = [(into + 1.0) * out for into, out in itertools.pairwise(nodes)]
        products = sum(
            s * (n + sum(sizes[m + 1 :]))
            for m, (s, n) in enumerate(zip(sizes[: own - 1], nodes, strict=False))
        )
        if smooth:
            products *= SMOOTH
        elif dtype == "float64":
            products = PARAMETER * sum(sizes[: own - 1]) + UNIT * sum(nodes[1:])
        found.append(
            Place(
                sum(sizes[: own - 1]), sum(sizes), sum(nodes[1:]),
                rows * seeds * told["batch"], seeds, dtype, products if own_sweep else 0.0,
            )
        )  # fmt: skip
    return found


def columns(dataset: Spec) -> float:
    """Of a data set's samples."""
    stated = registry.describe("datasets", dataset["kind"]).constants.get("dim")
    try:
        return float(cells.build_dataset(dataset).dim if stated is None else stated)
    except (OSError, ValueError):
        return 64.0


def work(choice: Spec) -> Work:
    """Of one estimate, by the estimator's attributes and its settings that count something.

    An estimator that does not state them is taken for the dearest, a two-sided sweep.
    """
    about, settings = registry.describe("modes", choice["mode"]), choice["settings"]
    stated = about.constants
    sides = float(settings.get("sides", stated.get("sides", 2))) or 1.0
    counts = [settings[k] for k in about.whole if k != "sides" and k in settings]
    count = math.prod(min(float(n), MOST) for n in counts) if counts else 0.0
    if stated.get("differentiates"):
        own = Work(gradients=count + 1.0)
    elif count:
        own = Work(values=sides * count + 1.0)
    elif stated.get("per_coordinate", True):
        own = Work(sweeps=sides)
    else:
        own = Work(values=sides + 1.0)
    return added(own, work(choice["match"])) if choice.get("match") else own


def choosing(choice: Spec, rules: Spec) -> Work:
    """Of choosing ε by a rule, for each training step; a rule tests as many steps as it counts."""
    name = choice["epsilon"]
    if not isinstance(name, str) or name not in rules:
        return Work()
    about, rule = registry.describe("rules", name), rules[name]
    every = max(1.0, float(rule.get("every", about.constants.get("every", 1))))
    tests = [min(float(rule[key]), MOST) for key in about.whole if key != "every" and key in rule]
    times = 2.0 * math.prod(tests) / every if tests else 0.0
    estimate = work({"mode": choice["mode"], "settings": choice["settings"]})
    return Work(*(times * part for part in estimate)) if tests else Work(values=1.0 / every)


def added(*parts: Work) -> Work:
    return Work(*map(sum, zip(*parts, strict=True)))


def kept_at() -> Path | None:
    """Where the speeds of this machine with this code are kept; None where there is no home."""
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return None
    package, digest = Path(__file__).parents[1], hashlib.sha256(platform.node().encode())
    for folder in ("estimators", "objective", "training", "models", "metrics"):
        for file in sorted((package / folder).rglob("*.py")):
            digest.update(file.read_bytes())
    return base / "approxgan" / f"speeds-{digest.hexdigest()[:16]}.json"


@cache
def kept() -> Mapping[str, Speed] | None:
    """The speeds that are kept; None where there are none, or no whole ones."""
    try:
        path = kept_at()
        found = {} if path is None else json.loads(path.read_bytes())
        made = {kind: Speed(*map(float, found[kind])) for kind in SPEEDS}
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return made if all(0.0 <= part < 1e3 for speed in made.values() for part in speed) else None


def speeds() -> Mapping[str, Speed]:
    return kept() or SPEEDS
