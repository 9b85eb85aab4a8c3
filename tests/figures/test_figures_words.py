"""How figures name, colour and group what they show, and the theory beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from worlds.drawn import Tables, keep

from approxgan.analysis.frames import GROUP, tidy
from approxgan.analysis.text import words
from approxgan.figures import _axes, _series, _style, _theory


def test_colours_are_one_per_mode() -> None:
    known = [_style.colour(mode) for mode in _style.KNOWN]
    assert len(set(known)) == len(known)
    assert _style.colour("exact") == _style.INK
    assert _style.colour("of_a_user") == _style.colour("of_a_user")
    assert _style.colour("of_a_user") != _style.colour("of_another_user")


def test_theory_of_the_forward_difference() -> None:
    # f(θ) = Σ θ_i² has f''_ii = 2; in float32 at a value near 1 the law must hold within the
    # sampling error of P = 4000 uniform roundings (1/√P, four of them) and of one point.
    p, rng = 4000, np.random.default_rng(0)
    theta = rng.normal(size=p) / np.sqrt(p)
    value, gradient = float((theta**2).sum()), 2 * theta
    point = {"dimension": p, "value": value, "gradient_norm": float(np.linalg.norm(gradient)),
             "curvature_norm": 2 * np.sqrt(p), "roundoff": 2.0**-24}  # fmt: skip
    steps = np.array([1e-4, 1e-2])
    moved = value + 2 * theta * steps[:, None] + steps[:, None] ** 2
    # Each of the two losses is rounded anew, as where their arithmetic differs.
    base = value * (1 + rng.uniform(-1, 1, size=moved.shape) * 2.0**-24)
    rounded = moved + value * rng.uniform(-1, 1, size=moved.shape) * 2.0**-24
    estimate = (rounded - base) / steps[:, None]
    error = np.linalg.norm(estimate - gradient, axis=1) / np.linalg.norm(gradient)
    np.testing.assert_allclose(_theory.forward_difference(steps, point), error, rtol=4 / np.sqrt(p))
    around = _theory.forward_difference(_theory.best_step(point) * np.array([0.3, 1.0, 3.0]), point)
    assert around.argmin() == 1


def test_players_with_modes_of_their_own_are_named_apart() -> None:
    mixed = ("exact+spsa", "spsa+exact")
    assert words(mixed[0]) == "G exact, D spsa"
    assert len({_style.colour(mode) for mode in (mixed[0], "exact", "spsa")}) == 3
    # As for generators without a gradient: the mode that is studied is the generator's.
    assert _style.colour(mixed[1]) == _style.colour("spsa")


RULED, SPSA = {"rule": "adaptive"}, {"own_settings": '{"directions": 4}'}


@pytest.mark.parametrize(
    ("mode", "kinds", "labels"),
    [
        ("spsa", [SPSA], ["spsa"]),
        ("spsa", [SPSA, {"own_settings": '{"directions": 8}'}],
         ["spsa (directions 4)", "spsa (directions 8)"]),
        ("spsa", [{**RULED, **SPSA}, SPSA], ["spsa", "spsa (adaptive)"]),
        ("forward_difference", [{"rule": "dtype"}], ["forward difference (dtype)"]),
        ("noisy_exact", [{"matched_mode": "forward_difference"}],
         ["noisy exact (like forward difference)"]),
        # A mode's name that begins like another's is no reason to mistake them.
        ("noisy_exact", [{"matched_mode": "forward"}, {"matched_mode": "forward_difference"}],
         ["noisy exact (like forward)", "noisy exact (like forward difference)"]),
        ("noisy_exact", [{"rule": "dtype", "matched_mode": "spsa",
                          "matched_settings": "directions4"}],
         ["noisy exact (dtype, like spsa directions4)"]),
        ("exact+spsa", [{"rule": "adaptive", "own_settings": '[{}, {"directions": 4}]'},
                        {"rule": "adaptive", "own_settings": '[{}, {"directions": 8}]'}],
         ["G exact, D spsa (adaptive, D directions 4)",
          "G exact, D spsa (adaptive, D directions 8)"]),
    ],
)  # fmt: skip
def test_labels_name_rules_and_what_controls_are_like(
    mode: str, kinds: list[dict[str, str]], labels: list[str]
) -> None:
    rest = {"rule": "fixed", "own_settings": "{}", "matched_mode": "", "matched_settings": ""}
    rows = [{"mode": mode, "settings": str(k), "epsilon": 1.0, **rest, **kind}
            for k, kind in enumerate(kinds)]  # fmt: skip
    shown = _series.series(tidy(pd.DataFrame(rows)))
    assert [one.label for one in shown] == labels
    assert len({one.colour for one in shown}) == len(shown)


def test_the_axis_of_steps_is_that_of_the_panel() -> None:
    ax = Figure().subplots()
    _axes.log_epsilon(ax, [1e-5, np.nan, 1e-3])
    assert ax.get_xlim() == pytest.approx((5e-6, 2e-3))
    assert list(ax.get_xticks()) == pytest.approx([1e-5, 1e-4, 1e-3])


def test_ticks_of_few_values_have_names_where_there_is_room() -> None:
    for apart, count in ((0.19, 3), (0.12, 4)):
        ax = Figure().subplots()
        ax.set_xscale("log")
        _axes.ticks_at(ax, [1e-5, 1e-4, 5e-4, 5e-1], apart)
        assert len(ax.get_xticks()) == count


def test_titles_tell_groups_apart_in_few_words(tables: Tables) -> None:
    outcomes = keep(tables, mode="exact")["outcomes"]
    titles = [title for title, _ in _series.split(outcomes, GROUP)]
    assert len(set(titles)) == len(titles) == 7
    assert "moons" in titles
