"""The Dirac-GAN: every gradient mode in a game whose course is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from worlds.configs import changed
from worlds.estimates import SAMPLED
from worlds.variants import EXAMPLE

from approxgan.config import registry
from approxgan.core.errors import InputError
from approxgan.design import build, cells, check
from approxgan.design.choices import Choice, Step
from approxgan.dirac import stage as dirac
from approxgan.storage import files, tables

MODES = [name for name in registry.names("modes") if name not in SAMPLED]
SETTINGS = {
    **EXAMPLE["modes"],
    "random_coordinates": {"coordinates": 1},
    "stale_coordinates": {"coordinates": 1},
    "structured_directions": {"directions": 1, "structure": "blocks", "sides": 2},
}
H = 0.1
UPDATES = ("simultaneous", "alternating")
UNIT = float(np.finfo(np.float64).eps) / 2
LINEAR = {u: dirac.DiracGame("wasserstein", u) for u in UPDATES}
CURVED = dirac.DiracGame("nonsaturating", "simultaneous")
ALL = [
    dirac.DiracGame(name, updates, r1)
    for name in dirac.OBJECTIVES
    for updates in UPDATES
    for r1 in (0.0, 0.7)
]
SPEC: dict[str, Any] = {
    "step": H, "steps": 60, "start": 1.0, "seeds": [0, 1], "dtype": "float64",
    "games": [{"objective": "wasserstein", "updates": "alternating"},
              {"objective": "nonsaturating", "updates": "simultaneous", "r1": 1.0}],
    "modes": [{"mode": "exact"}, {"mode": "forward_difference", "epsilon": [1e-3, 1e-2]}],
}  # fmt: skip


def choice(name: str, epsilon: float = 1e-3) -> Choice:
    takes = registry.load("modes", name).takes_epsilon
    return Choice(name, Step.of(epsilon if takes else None), SETTINGS.get(name, {}))


def playable() -> dict[str, tuple[Any, float | None]]:
    """The modes that are not refused, with the ε they are played with."""
    found = {}
    for name in MODES:
        try:
            found[name] = build.played(choice(name))
        except InputError:
            continue
    return found


def play(game, mode, epsilon, steps=60, seeds=(0,), start=1.0, **changed):
    spec = {**SPEC, "steps": steps, "start": start, **changed}
    return dirac.trajectory(game, mode, epsilon, list(seeds), spec)


PLAYED = playable()
DRAWN = [name for name, (mode, _) in PLAYED.items() if mode.random]
MOVED = [name for name, (mode, _) in PLAYED.items() if hasattr(mode, "start")]
STILL = [name for name in PLAYED if name not in {*DRAWN, *MOVED}]
STEPPED = [name for name, (mode, _) in PLAYED.items() if mode.order is not None]


def carried(per_step: np.ndarray, growth: float) -> np.ndarray:
    """What errors of every step's update add up to where the map stretches by ``growth``."""
    total = np.zeros(len(per_step) + 1)
    for k, error in enumerate(per_step):
        total[k + 1] = growth * total[k] + error
    return total


def test_all_modes_are_played_but_those_that_need_kinks():
    assert set(MODES) - set(PLAYED) == {"subgradient"}


@pytest.mark.parametrize("updates", UPDATES)
@pytest.mark.parametrize("name", STILL)
def test_modes_without_chance_follow_the_closed_form_of_the_linear_game(name, updates):
    """Differences of a linear loss have no error but rounding, which the map then carries on."""
    mode, epsilon = PLAYED[name]
    steps = 200
    made = play(LINEAR[updates], mode, epsilon, steps)[:, :, 0]
    truth = dirac.expected(LINEAR[updates], H, 1.0, steps)
    size = np.linalg.norm(truth, axis=1)
    # Two losses of size |θψ| and two arguments, each rounded a few times, over ε; and the update.
    reach = epsilon or 1.0
    rounding = UNIT * (H * 8 * (size + reach) ** 2 / reach + 4 * size)
    # Alternating updates turn in a metric whose axes differ by √((1 + h/2) / (1 - h/2)).
    growth, skew = (np.hypot(1, H), 1.0) if updates == "simultaneous" else (1.0, 1 + H)
    bound = skew * carried(rounding[:-1], growth) + UNIT * 8 * np.arange(1, steps + 2) * size
    assert (np.abs(made - truth).max(1) <= bound).all()


@pytest.mark.parametrize("game", ALL, ids=lambda game: game.name)
def test_the_exact_mode_follows_every_game(game):
    """The derivatives by hand against autograd's."""
    mode, _ = PLAYED["exact"]
    made = play(game, mode, None)[:, :, 0]
    # Each step adds some roundings, and stretches what is there by at most 1 + h(|v'| ≤ 2 + γ).
    bound = carried(np.full(60, 16 * UNIT * np.abs(made).max()), 1 + H * (2 + game.r1))
    assert (np.abs(made - dirac.expected(game, H, 1.0, 60)).max(1) <= bound).all()


@pytest.mark.parametrize("name", STEPPED)
def test_truncation_bends_a_trajectory_by_the_order_of_the_mode(name):
    mode, _ = PLAYED[name]
    seeds = range(64) if mode.random else (0,)
    truth = dirac.expected(CURVED, H, 1.0, 40)
    steps = np.array([3e-2, 1e-2, 3e-3])
    off = [np.linalg.norm(play(CURVED, mode, e, 40, seeds).mean(2)[-1] - truth[-1]) for e in steps]
    slope = np.polyfit(np.log(steps), np.log(off), 1)[0]
    assert slope == pytest.approx(mode.order, abs=0.05)


@pytest.mark.parametrize("updates", UPDATES)
@pytest.mark.parametrize("name", DRAWN)
def test_random_modes_follow_the_linear_game_on_average(name, updates):
    """Unbiased estimates of independent draws, and a linear map: the mean is the exact course."""
    mode, epsilon = PLAYED[name]
    # Of modes that err by no draw in one dimension a few show as much as many.
    count, steps = 4000 if mode.squared_error(1) else 50, 15
    made = play(LINEAR[updates], mode, epsilon, steps, range(count))
    truth = dirac.expected(LINEAR[updates], H, 1.0, steps)
    noise = made.std(2, ddof=1) / count**0.5
    assert (np.abs(made.mean(2) - truth) <= 4.5 * noise + 1e-9).all()


@pytest.mark.parametrize("name", MOVED)
def test_a_moved_start_moves_the_course_as_the_linear_map_does(name):
    mode, epsilon = PLAYED[name]
    made = play(LINEAR["simultaneous"], mode, epsilon, 40, range(8))
    assert len(np.unique(made[0], axis=1).T) > 1
    off = made - dirac.expected(LINEAR["simultaneous"], H, 1.0, 40)[..., None]
    moved = np.linalg.norm(off, axis=1)
    assert (moved[0] > 0).all()
    growth = np.hypot(1, H) ** np.arange(41)
    assert moved == pytest.approx(growth[:, None] * moved[0], rel=1e-6)


def test_simultaneous_updates_grow_the_radius():
    mode, _ = PLAYED["exact"]
    made = play(LINEAR["simultaneous"], mode, None, 100)[:, :, 0]
    radius = np.linalg.norm(made, axis=1)
    assert radius[1:] / radius[:-1] == pytest.approx(np.hypot(1, H), rel=8 * UNIT)


@pytest.mark.parametrize("h", [0.05, 0.3, 1.5])
def test_alternating_updates_conserve_the_skewed_radius(h):
    mode, _ = PLAYED["exact"]
    theta, psi = play(LINEAR["alternating"], mode, None, 100, step=h)[:, :, 0].T
    kept = theta**2 + psi**2 - h * theta * psi
    scale = (theta**2 + psi**2).max()
    assert np.abs(kept - kept[0]).max() <= 16 * UNIT * 100 * scale
    assert kept[0] == pytest.approx(2 - h)


@pytest.mark.parametrize("h", [0.1, 0.7, 1.9])
@pytest.mark.parametrize("updates", UPDATES)
def test_the_closed_form_is_the_power_of_the_map(updates, h):
    first = np.array([[1.0, -h], [0.0, 1.0]])
    second = np.array([[1.0, 0.0], [h, 1.0]])
    both = np.array([[1.0, -h], [h, 1.0]])
    step = both if updates == "simultaneous" else second @ first
    truth = [np.linalg.matrix_power(step, t) @ np.ones(2) for t in range(60)]
    made = dirac.expected(dirac.DiracGame("wasserstein", updates), h, 1.0, 59)
    np.testing.assert_allclose(made, truth, rtol=1e-9, atol=1e-10 * np.abs(truth).max())


@pytest.mark.parametrize("name", ["exact", "central_difference", "spsa"])
@pytest.mark.parametrize("objective", ["nonsaturating", "minimax"])
@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_r1_damps_with_the_eigenvalues_of_theory(gamma, objective, name):
    """Below γ = 1 it turns as it decays, above it only decays."""
    mode, epsilon = PLAYED[name]
    game = dirac.DiracGame(objective, "simultaneous", gamma)
    made = play(game, mode, epsilon, 150, start=1e-3)[:, :, 0]
    # x_{t+2} = (μ₁ + μ₂) x_{t+1} - μ₁μ₂ x_t for the multipliers μ = 1 + hλ of one step.
    flat = [made[k : len(made) - 2 + k].ravel() for k in range(3)]
    total, product = np.linalg.lstsq(np.stack([flat[1], -flat[0]], 1), flat[2], rcond=None)[0]
    found = (np.roots([1.0, -total, product]) - 1) / H
    root = np.sqrt(complex(gamma**2 / 4 - 1 / 4))
    theory = np.array([-gamma / 2 + root, -gamma / 2 - root])
    # Minimax's slopes differ from 1/2 by θψ/4 ≤ 1e-6, and nonsaturating's too.
    assert np.sort_complex(found) == pytest.approx(np.sort_complex(theory), abs=1e-4)
    assert np.linalg.norm(made[-1]) < np.linalg.norm(made[0])


def test_a_seed_alone_plays_as_in_a_block():
    for name in DRAWN:
        mode, epsilon = PLAYED[name]
        both, alone = (play(CURVED, mode, epsilon, 5, seeds) for seeds in ((0, 1), (1,)))
        np.testing.assert_allclose(both[:, :, 1], alone[:, :, 0], rtol=1e-12)


def test_single_precision_is_single():
    mode, _ = PLAYED["exact"]
    made = play(CURVED, mode, None, 5, dtype="float32")
    assert made.dtype == np.float64
    assert np.array_equal(made, made.astype(np.float32))


def test_the_table_has_every_step_of_every_game(tmp_path):
    modes = [*SPEC["modes"], {"mode": "forward_gradient", "directions": 4}]
    spec = {**SPEC, "modes": modes}
    for name, runs in (("exact", 1), ("forward_difference", 2), ("forward_gradient", 2)):
        dirac.run(spec, name, tmp_path / "a.parquet")
        dirac.run(spec, name, tmp_path / "b.parquet")
        assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
        table = files.read_table(tmp_path / "a.parquet")
        assert list(table.columns) == list(tables.DIRAC)
        assert len(table) == runs * 2 * 61
        assert set(table["mode"]) == {name}
        assert set(table["game"]) == {
            "wasserstein alternating", "nonsaturating simultaneous r1 1"
        }  # fmt: skip
        assert sorted(table["seed"].unique()) == ([0, 1] if name == "forward_gradient" else [0])
        assert (table.loc[table["step"] == 0, ["generator", "discriminator"]] == 1.0).all(axis=None)
    assert set(table["settings"]) == {"directions4"}
    assert table["epsilon"].isna().all()


def refused(spec):
    for entry in spec["modes"]:
        for choice in cells.choices_of(entry):
            build.played(choice)


class Choosy:
    takes_epsilon = False
    random = False

    def refuses(self, situation):
        return f"needs 2 parameters, not {situation.dimension}"

    def estimate(self, *args, **kwargs):
        raise AssertionError("a refused mode was run")


def test_a_mode_that_refuses_is_never_run(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "build", lambda *_: Choosy())
    for attempt in (lambda: refused(SPEC), lambda: dirac.run(SPEC, "exact", tmp_path / "a")):
        with pytest.raises(InputError, match="exact: needs 2 parameters, not 1"):
            attempt()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"mode": "subgradient", "alpha": 0.5}, r"subgradient: .*kink"),
        ({"mode": "random_coordinates", "coordinates": 2, "epsilon": 1e-3}, "more than the 1"),
        ({"mode": "random_direction", "directions": 2, "distribution": "orthonormal",
          "sides": 1, "epsilon": 1e-3}, "random_direction: "),
    ],
)  # fmt: skip
def test_modes_that_need_kinks_or_room_are_refused(tmp_path, entry, words):
    spec = {**SPEC, "modes": [entry]}
    for attempt in (refused, lambda s: dirac.run(s, entry["mode"], tmp_path / "a")):
        with pytest.raises(InputError, match=words):
            attempt(spec)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"modes": [{"mode": "forward_difference"}]}, "needs epsilon"),
        ({"modes": [{"mode": "exact", "epsilon": 0.1}]}, "takes no epsilon"),
        ({"modes": [{"mode": "forward_difference", "epsilon": "dtype"}]}, "must be a number"),
        ({"modes": [{"mode": "forward_gradient"}]}, "'directions' is missing"),
        ({"modes": [{"mode": "exact", "match": {"mode": "spsa", "epsilon": 1e-3,
                                                "directions": 2}}]}, "matched"),
    ],
)  # fmt: skip
def test_what_cannot_be_played_is_refused_in_one_line(change, words):
    with pytest.raises(InputError, match=words) as caught:
        refused({**SPEC, **change})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("step",), 2.0),
        (("games", 0, "objective"), "hinge"),
        (("games", 0, "updates"), "both"),
        (("games", 0, "r1"), -1.0),
        (("games",), 2 * [{"objective": "minimax", "updates": "alternating"}]),
    ],
)
def test_the_schema_refuses_games_that_are_none(path, value):
    with pytest.raises(InputError, match=r"config: dirac\."):
        check.checked(changed(("dirac", *path), value))
