"""Whatever stands in an overlay: one line that says why not, or a config that plans."""

from __future__ import annotations

import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import ROOT

from approxgan.config import load
from approxgan.core.errors import InputError
from approxgan.design import cells, check, cost, specs

BASE = load.config([ROOT / "config.yaml", ROOT / "studies" / "smoke.yaml"])
WORDS = [
    "",
    "exact",
    "ring",
    "a\n",
    "é",
    "1e-5",
    "1.0e4",
    "nan",
    "../x",
    "{x}",
    "$(x)",
    "x" * 300,
    "\ud800",
]
NUMBERS = [0, 1, 2, 3, -1, 51, 10**6, 2**63, 2**64, 10**400, 1e-46, 5e-324, -0.0, 0.5, 3.0, 1e300]
NUMBERS += [float("nan"), float("inf")]
VALUES = st.recursive(
    st.sampled_from([*WORDS, *NUMBERS, None, True, b"x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WORDS), inner, max_size=2)
    ),
    max_leaves=4,
)  # fmt: skip


def places(value, path=()):
    """Every place of a config, containers included."""
    yield path
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, (*path, key))


PLACES = [path for path in places(BASE) if path]


def overlaid(changes):
    """The base with values put in places, or under new names beside them."""
    config = copy.deepcopy(BASE)
    for path, name, value in changes:
        place = config
        try:
            for key in path[:-1]:
                place = place[key]
            place[path[-1] if name is None or isinstance(place, list) else name] = value
        except (KeyError, IndexError, TypeError):
            continue
    return config


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), st.none() | st.sampled_from(WORDS), VALUES),
        min_size=1,
        max_size=2,
    )
)
def test_a_hostile_overlay_is_one_line_or_plans(changes):
    try:
        found = check.fully_checked(overlaid(changes))
    except InputError as error:
        said = str(error)
        assert "\n" not in said
        assert said.startswith("config: ")
        assert len(said) < 2000
        return
    assert load.canonical(found) == found
    again = check.checked(json.loads(json.dumps(found)))
    assert list(cells.cells(again)) == list(cells.cells(found))
    assert all(job.cost.seconds >= 0 for job in cost.jobs(found))
    json.dumps([specs.report(found), specs.comparisons(found)], allow_nan=False)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_has_one_form(value):
    """What Python calls equal is the same text, in a config as in its JSON."""
    try:
        first = load.canonical(value)
        second = load.canonical(int(value) if value.is_integer() else value)
    except InputError:
        return
    assert first == value
    assert json.dumps(first) == json.dumps(second) == json.dumps(load.canonical(-1 * -value))
    assert json.dumps(first) == json.dumps(load.canonical(json.loads(json.dumps(first))))
