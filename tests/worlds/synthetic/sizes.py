"""What is made up: studies, and how much of everything."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from worlds.synthetic.laws import RULES


@dataclass(frozen=True)
class Study:
    """One study's part of the grid."""

    name: str
    datasets: tuple[str, ...]
    model: str
    losses: tuple[str, ...]
    modes: tuple[str, ...]
    rules: tuple[str, ...] = ()
    """Rules that choose ε for the coordinate-wise modes, besides the fixed ones."""
    rates: tuple[float, ...] = ()
    """Learning rates of further cells."""
    budget: float = math.nan
    """Forward-equivalents of a run; the study is then a tuned one."""


@dataclass(frozen=True)
class Kinks:
    """A study of subgradients: one precision."""

    name: str
    zeros: float
    """Share of pre-activations that are exactly 0."""


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    studies: tuple[Study, ...]
    epsilons: tuple[float, ...]
    seeds: int
    snapshots: int
    points: int
    """Samples per snapshot, and points per dataset."""
    steps: int
    traced: int
    """Steps that the traces hold."""
    kinks: tuple[Kinks, ...] = ()


SMALL = Size(
    studies=(
        Study("main", ("ring", "moons"), "compact", ("nonsaturating",),
              ("exact", "forward_gradient", "forward_difference", "uniform_shift")),
        Study("losses", ("ring",), "compact", ("nonsaturating", "article_code"), ("exact",)),
    ),
    epsilons=(1e-6, 1e-4, 1e-2),
    seeds=4,
    snapshots=3,
    points=40,
    steps=1000,
    traced=6,
)  # fmt: skip
WIDE = replace(
    SMALL,
    studies=(
        replace(SMALL.studies[0], rules=RULES,
                modes=(*SMALL.studies[0].modes, "noisy_exact", "masked_exact", "perturbed_start",
                       "exact+forward_difference")),
        Study("pictures", ("digits",), "compact", ("nonsaturating",), ("exact", "uniform_shift")),
        SMALL.studies[1],
        Study("best", ("ring",), "compact", ("nonsaturating",), ("exact", "forward_gradient"),
              budget=7e4),
        Study("rates", ("ring",), "compact", ("nonsaturating",), ("exact", "uniform_shift"),
              rates=(1e-5, 1e-1)),
    ),
    kinks=(Kinks("kinks_float32", 3e-5), Kinks("kinks_float64", 0.0)),
)  # fmt: skip
"""Small, but with something of everything that a figure draws."""
