"""What gradient modes say they cannot work with."""

from __future__ import annotations

import dataclasses
import re

import pytest
from worlds.estimates import build
from worlds.variants import example

from approxgan.config import registry
from approxgan.core.protocols import OFFERS, Situation

ANYWHERE = Situation(50, (0.2, 1.0), penalised=False, rule=None, offers=frozenset(OFFERS))


@pytest.mark.parametrize("name", registry.names("modes"))
def test_no_example_is_refused_where_nothing_is_special(name):
    refuses = getattr(example("modes", name), "refuses", None)
    assert refuses is None or refuses(ANYWHERE) is None


@pytest.mark.parametrize("name", registry.names("modes"))
def test_modes_that_never_differentiate_refuse_a_penalty(name):
    mode = example("modes", name)
    penalised = dataclasses.replace(ANYWHERE, penalised=True)
    reason = mode.refuses(penalised) if hasattr(mode, "refuses") else None
    if mode.differentiates or hasattr(mode, "needs"):
        # A penalty is the discriminator's, for which what needs a generator is refused anyway.
        assert reason is None
    else:
        assert reason.startswith("never differentiates, but the loss holds a gradient penalty")


ORTHONORMAL = {"directions": 51, "distribution": "orthonormal", "sides": 1}
REFUSED = [
    ("random_direction", ORTHONORMAL, {}, "directions=51 is more than the 50 parameters"),
    ("random_coordinates", {"coordinates": 51}, {}, "coordinates=51 is more than the 50 para"),
    ("stale_coordinates", {"coordinates": 51}, {}, "coordinates=51 is more than the 50 para"),
    ("structured_directions", {"directions": 51}, {}, "directions=51 is more than the 50 para"),
    ("subgradient", {"alpha": 0.5}, {"slopes": None}, "alpha=0.5 .* the activation is smooth"),
    ("subgradient", {"alpha": 0.1}, {}, "alpha=0.1 .* accepted: 0.2 to 1"),
    ("subgradient", {"alpha": 0.1}, {"slopes": (1.0, 0.2)}, "accepted: 0.2 to 1"),
    ("gradient_sampling", {}, {"rule": "dtype"}, "epsilon=dtype: .* radius of a ball"),
    ("avo", {}, {"rule": "dtype"}, "epsilon=dtype: .* spread of parameters"),
    ("avo", {"baseline": "leave_one_out"}, {"batch": 1}, "leaves nothing of a batch of 1"),
    ("score_function", {"baseline": "leave_one_out"}, {"batch": 1}, "nothing of a batch of 1"),
]


@pytest.mark.parametrize(("name", "settings", "where", "reason"), REFUSED)
def test_modes_say_what_they_cannot_work_with(name, settings, where, reason):
    said = build(name, **settings).refuses(dataclasses.replace(ANYWHERE, **where))
    assert re.search(reason, said)
    assert "accepted: " in said


@pytest.mark.parametrize(
    ("name", "settings", "where"),
    [
        ("random_direction", {**ORTHONORMAL, "directions": 50}, {}),
        ("random_direction", {**ORTHONORMAL, "distribution": "gaussian"}, {}),
        ("random_coordinates", {"coordinates": 50}, {}),
        ("subgradient", {"alpha": 0.2}, {}),
        ("subgradient", {"alpha": 0.0}, {"slopes": (0.0, 1.0)}),
        ("forward_difference", {}, {"rule": "dtype"}),
    ],
)
def test_modes_accept_what_they_can_work_with(name, settings, where):
    assert build(name, **settings).refuses(dataclasses.replace(ANYWHERE, **where)) is None
