"""A run's metrics: rows, references, random draws, and what has no value."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pandas.testing import assert_frame_equal
from worlds.clouds import compared
from worlds.snapshots import (
    ARTICLE,
    RING,
    SEEDS,
    STEPS,
    N,
    Spy,
    all_metrics,
    run,
    training,
    true_snapshots,
)
from worlds.variants import example

from approxgan.core import pair
from approxgan.design import cells
from approxgan.evaluate import score, stage


def test_run_has_a_row_for_every_seed_step_and_number_in_order() -> None:
    table = run(true_snapshots(), all_metrics())
    assert list(table.columns) == ["seed", "step", "samples", "metric", "value"]
    numbers = [name for metric in all_metrics().values() for name in metric.directions]
    expected = [(seed, step, name) for seed in SEEDS for step in STEPS for name in numbers]
    assert list(table[["seed", "step", "metric"]].itertuples(index=False, name=None)) == expected
    assert [table[key].dtype.name for key in ("seed", "step", "value")] == [
        "int64",
        "int64",
        "float64",
    ]
    assert table["value"].notna().all()
    assert_frame_equal(table, run(true_snapshots(), all_metrics()))


def test_run_gives_what_the_metric_gives_on_its_own() -> None:
    spy, metrics = Spy(), all_metrics()
    snapshots = true_snapshots()
    table = run(snapshots, {**metrics, "spy": spy}).set_index(["seed", "step", "metric"])["value"]
    points = snapshots[1, 2].astype(np.float64)
    reference = spy.kept()[-1].reference
    for metric in metrics.values():
        for name, value in compared(metric, points, reference, RING, training()).items():
            assert table[SEEDS[1], STEPS[2], name] == value


def test_run_compares_in_float64_with_a_reference_of_the_same_size() -> None:
    spy = Spy()
    run(true_snapshots(), {"spy": spy})
    for call in spy.kept():
        assert call.samples.dtype == call.reference.dtype == np.float64
        assert call.samples.shape == call.reference.shape == (N, 2)


def test_reference_and_draws_depend_on_the_seeds_alone() -> None:
    first, second = Spy(), Spy()
    run(true_snapshots(), {"spy": first})
    other = true_snapshots(ARTICLE)[:, ::-1]
    run(other, {"before": example("metrics", "frechet"), "spy": second}, seeds=SEEDS[::-1])
    seven, three = second.kept()[:3], second.kept()[3:]
    for one, two in zip(first.kept(), three + seven, strict=True):
        np.testing.assert_array_equal(one.reference, two.reference)
    references = {call.reference.tobytes() for call in first.kept()}
    assert len(references) == len(SEEDS)
    third = Spy()
    given = {"training": training(), "seed": 12}
    score.run(true_snapshots(), STEPS, SEEDS, RING, {"spy": third}, **given)
    assert references.isdisjoint(call.reference.tobytes() for call in third.kept())


def test_blocks_of_seeds_add_up_to_the_whole() -> None:
    snapshots, whole = true_snapshots(), run(true_snapshots(), all_metrics())
    for s, seed in enumerate(SEEDS):
        part = run(snapshots[s : s + 1], all_metrics(), seeds=[seed])
        assert_frame_equal(part, whole[whole["seed"] == seed].reset_index(drop=True))


@pytest.mark.parametrize("dataset", [RING, ARTICLE], ids=["ring", "article"])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_diverged_snapshots_keep_their_rows_without_values(dataset: Any, bad: float) -> None:
    snapshots = true_snapshots(dataset)
    sound = run(snapshots, all_metrics(), dataset)
    snapshots[1, 2, 5, 0] = bad
    table = run(snapshots, all_metrics(), dataset)
    diverged = (table["seed"] == SEEDS[1]) & (table["step"] == STEPS[2])
    assert_frame_equal(table[~diverged], sound[~diverged])
    assert table.loc[diverged, "value"].isna().all()
    keys = ["seed", "step", "metric"]
    assert_frame_equal(table[keys], sound[keys])
    assert ("modes_captured" in set(table["metric"])) == (dataset is RING)


def test_samples_at_the_end_of_float32_still_have_values() -> None:
    snapshots = np.full((2, 3, N, 2), np.finfo(np.float32).max)
    snapshots[:, :, ::2] *= -1
    assert np.isfinite(run(snapshots, all_metrics())["value"].to_numpy()).all()


def test_samples_too_large_for_float64_have_none() -> None:
    snapshots = true_snapshots().astype(np.float64)
    snapshots[0, 0] *= 1e200
    table = run(snapshots, all_metrics())
    first = table[(table["seed"] == SEEDS[0]) & (table["step"] == STEPS[0])]
    missing = set(first.loc[first["value"].isna(), "metric"])
    assert missing >= {"energy_distance", "frechet_distance", "sliced_wasserstein"}
    assert table["value"].isna().sum() == len(missing)


@pytest.mark.parametrize("late", [lambda x: 1 / np.sum(x**2), lambda x: math.inf])
def test_overflow_inside_a_metric_leaves_no_value(late: Callable[[np.ndarray], float]) -> None:
    class Overflows(Spy):
        def numbers(self, samples: np.ndarray) -> dict[str, float]:
            return {"drawn": float(late(samples)) if samples.max() > 1e100 else 1.0}

    snapshots = true_snapshots().astype(np.float64)
    snapshots[1, 0] *= 1e200
    table = run(snapshots, {"overflows": Overflows()})
    assert table["value"].isna().tolist() == [False] * 3 + [True] + [False] * 2


@pytest.mark.parametrize("shape", [(2, 3, N), (1, 3, N, 2), (2, 2, N, 2), (2, 3, N, 3)])
def test_snapshots_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"accepted: \[2 seeds, 3 steps, n, 2\]"):
        run(np.zeros(shape), all_metrics())


def test_metrics_must_keep_to_their_own_names() -> None:
    with pytest.raises(ValueError, match=r"other gives 'drawn'; accepted: .* stated"):
        run(true_snapshots(), {"other": Spy("stated")})
    with pytest.raises(ValueError, match="second gives 'drawn'; another metric gives it"):
        run(true_snapshots(), {"first": Spy(), "second": Spy()})


GIVEN = [None, {"drawn": "high"}, {"drawn": np.zeros(2)}, {"drawn": None}]


@pytest.mark.parametrize("given", GIVEN, ids=["nothing", "text", "array", "none"])
def test_what_a_metric_gives_are_numbers_by_name(given: Any) -> None:
    class Odd(Spy):
        def against(self, truth: Any) -> Any:
            return lambda samples: given

    with pytest.raises(ValueError, match=r"metric odd.* accepted: a (number|map of names)"):
        run(true_snapshots(), {"odd": Odd()})


def test_no_metrics_make_an_empty_table() -> None:
    table = run(true_snapshots(), {})
    assert list(table.columns) == ["seed", "step", "samples", "metric", "value"]
    assert len(table) == 0


def test_training_points_reach_the_metrics_that_ask_for_them() -> None:
    copies = training(n=N)
    snapshots = np.broadcast_to(copies, (len(SEEDS), len(STEPS), *copies.shape))
    metrics = {"memorisation": example("metrics", "memorisation")}
    table = score.run(snapshots, STEPS, SEEDS, RING, metrics, training=copies, seed=11)
    assert (table["value"] == 1).all()
    with pytest.raises(ValueError, match=r"shape \(5, 3\); accepted: \[m, 2\]"):
        score.run(snapshots, STEPS, SEEDS, RING, metrics, training=np.zeros((5, 3)), seed=11)


def test_metrics_of_parameters_see_those_of_each_snapshot() -> None:
    dataset = example("datasets", "simulated")
    truth = dataset.law.parameters
    metrics = {"parameter_error": example("metrics", "parameter_error")}
    snapshots = dataset.sample(120, np.random.default_rng(0)).reshape(2, 3, 20, 2)
    table = score.run(
        snapshots, STEPS, SEEDS, dataset, metrics, training=snapshots[0, 0], seed=1,
        law=lambda s, t: pair.law(dataset.generator, 2, truth + s + t / 10) if t else score.UNKNOWN,
    )  # fmt: skip
    found = table[table["metric"] == "parameter_error"]["value"].to_numpy().reshape(2, 3)
    np.testing.assert_allclose(found, [[np.nan, 0.1, 0.2], [np.nan, 1.1, 1.2]], rtol=1e-9)
    null = score.null(dataset, metrics, training=snapshots[0, 0], samples=20, repeats=2, seed=1)
    assert (null["value"] == 0.0).all()


COUNTER = {"kind": "counts", "rates": [4.0], "cap": 9, "rounding": 1, "cross_talk": 0.0}
TABLE = {"kind": "sequences", "letters": 2, "length": 2, "form": "prefix", "teacher": "markov",
         "sharpness": 1.0}  # fmt: skip


@pytest.mark.parametrize(
    ("trained", "behind", "columns", "known"),
    [
        (COUNTER, COUNTER, 1, 1),
        ({"kind": "proposal", "of": COUNTER, "scale": 0.4, "scales": "fixed"}, COUNTER, 1, 1),
        ({"kind": "proposal", "of": COUNTER, "scale": 0.4, "scales": "learned"}, COUNTER, 1, 1),
        # Logits that differ by a constant are the same.
        (TABLE, TABLE, 4, None),
    ],
)
def test_parameters_are_compared_where_they_mean_what_those_behind_the_data_do(
    trained, behind, columns, known
) -> None:
    data = {"kind": "simulated", "points": 9, "columns": columns, "generator": behind}
    dataset = cells.build_dataset(data)
    size = cells.build_generator(trained).size(columns)
    theta = np.linspace(0.0, 1.0, size)[None, None]
    law = stage._laws({"generator": trained}, dataset, {"parameters": theta})(0, 0)
    assert (dataset.law.parameters is None) == (known is None)
    if known is None:
        assert law.parameters is None
    else:
        np.testing.assert_array_equal(law.parameters, theta[0, 0, :known])
