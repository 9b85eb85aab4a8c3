"""Settings of variants: whatever a config may hold is accepted or refused in one line."""

from __future__ import annotations

import datetime
import math
import re
import tracemalloc

import numpy as np
import pytest
from worlds.variants import EXAMPLE

from approxgan.config import registry
from approxgan.core.errors import InputError

HOSTILE = [
    *(0, -1, 10**9, 10**400, -(10**400), True, False, None, 2.0, 100_000),
    *("", "x", "1", b"1", "a" * 5000 + ".csv", "a\0.csv", "a\n.csv", "/dev/zero.npy"),
    *(-0.0, 5e-324, 1e-200, 1e200, 1.7e308, math.inf, -math.inf, math.nan, 1e5),
    *([], [1], {}, {"a": 1}, [None], [10**400], [1e-200], [1e200]),
    *(datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 1)),
]
SETTINGS = [
    (family, name, setting)
    for family, examples in EXAMPLE.items()
    for name, settings in examples.items()
    for setting in settings
]


def refusal(family, name, settings):
    """Why a variant is not built; None where it is, and draws what it can."""
    try:
        built = registry.build(family, name, settings)
    except InputError as error:
        return str(error)
    if family == "datasets":
        built.modes()
        assert np.isfinite(built.sample(5, np.random.default_rng(0))).all()
    return None


@pytest.mark.parametrize(("family", "name", "setting"), SETTINGS)
def test_any_value_of_a_setting_is_accepted_or_refused_in_one_short_line(family, name, setting):
    # Of settings that belong together the other one may be named.
    line = re.compile(
        rf"{name}: ({'|'.join(EXAMPLE[family][name])}) is .{{1,150}}; accepted: .{{1,200}}"
    )
    for value in HOSTILE:
        refusal(family, name, EXAMPLE[family][name])  # what it loads once
        tracemalloc.start()
        reason = refusal(family, name, {**EXAMPLE[family][name], setting: value})
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert reason is None or line.fullmatch(reason), reason
        assert peak < 5e7, f"{setting}={value!r} takes {peak / 1e6:.0f} MB"
