"""How figures name, colour and group what they show, and the theory beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from worlds.drawn import Tables, keep

from approxgan.figures import _groups, _style, _theory


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
    assert _style.words(mixed[0]) == "G exact, D spsa"
    assert len({_style.colour(mode) for mode in (*mixed, "exact", "spsa")}) == 4


@pytest.mark.parametrize(
    ("mode", "kinds", "labels"),
    [
        ("spsa", {"directions4": "fixed"}, ["spsa"]),
        ("spsa", {"directions4": "fixed", "directions8": "fixed"},
         ["spsa (directions4)", "spsa (directions8)"]),
        ("spsa", {"adaptive_directions4": "adaptive", "directions4": "fixed"},
         ["spsa", "spsa (adaptive)"]),
        ("forward_difference", {"dtype": "dtype"}, ["forward difference (dtype)"]),
        ("noisy_exact", {"like_forward_difference": "fixed"},
         ["noisy exact (like forward difference)"]),
        ("noisy_exact", {"dtype_like_spsa_directions4": "dtype"},
         ["noisy exact (dtype, like spsa directions4)"]),
        ("exact+spsa", {"+adaptive_directions4": "adaptive"}, ["G exact, D spsa (D adaptive)"]),
    ],
)  # fmt: skip
def test_labels_name_rules_and_what_controls_are_like(
    mode: str, kinds: dict[str, str], labels: list[str]
) -> None:
    rows = [{"mode": mode, "settings": s, "rule": r, "epsilon": 1.0} for s, r in kinds.items()]
    shown = _groups.series(_groups.tidy(pd.DataFrame(rows)))
    assert [one.label for one in shown] == labels
    assert len({one.colour for one in shown}) == len(shown)


def test_a_table_without_rules_has_none() -> None:
    for settings in ([None, "a"], [np.nan, np.nan]):
        tidy = _groups.tidy(pd.DataFrame({"settings": settings, "epsilon": [None, 1.0]}))
        assert not _groups.ruled(tidy).any()
        assert tidy["settings"].iloc[0] == ""


@pytest.mark.parametrize(
    ("epsilon", "text"), [(1e-4, "10⁻⁴"), (3e-5, "3·10⁻⁵"), (0.1, "10⁻¹"), (1.0, "10⁰")]
)
def test_epsilon_in_words(epsilon: float, text: str) -> None:
    assert _style.epsilon_text(epsilon) == text


def test_titles_tell_groups_apart_in_few_words(tables: Tables) -> None:
    outcomes = keep(tables, mode="exact")["outcomes"]
    titles = [title for title, _ in _groups.split(outcomes, _groups.GROUP)]
    assert len(set(titles)) == len(titles) == 5
    assert "moons" in titles
