from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
import pytest
from pandas.testing import assert_frame_equal
from variants import example

from approxgan import evaluate, quality, record
from approxgan.registry import names

N, STEPS, SEEDS = 60, [0, 100, 500], [3, 7]
RING = example("datasets", "ring")
ARTICLE = example("datasets", "article")


def all_metrics() -> dict[str, Any]:
    return {name: example("metrics", name) for name in names("metrics")}


def true_snapshots(dataset: Any = RING) -> np.ndarray:
    """[2, 3, N, 2] float32: different true samples in every snapshot."""
    points = dataset.sample(len(SEEDS) * len(STEPS) * N, np.random.default_rng(0))
    return points.reshape(len(SEEDS), len(STEPS), N, 2).astype(np.float32)


class Spy:
    """A metric that keeps what it was given and draws from its generator."""

    def __init__(self, stated: str = "drawn") -> None:
        self.directions: Mapping[str, Literal["lower", "higher", "neither"]] = {stated: "neither"}
        self.calls: list[SimpleNamespace] = []

    def __call__(self, samples: Any, reference: Any, dataset: Any, rng: Any) -> dict[str, float]:
        self.calls.append(SimpleNamespace(samples=samples, reference=reference, draw=rng.random()))
        return {"drawn": 1.0}

    def kept(self) -> list[SimpleNamespace]:
        """The calls but the first, which only asks for the names."""
        return self.calls[1:]


def training(dataset: Any = RING, n: int = 1000) -> np.ndarray:
    """[n, dim]: as many as the article's set has, which is of one size alone."""
    return dataset.training(n, np.random.default_rng(4))


def ready(metric: Any, points: np.ndarray) -> Any:
    """The metric with these training points where it needs them."""
    return metric.beside(points) if hasattr(metric, "beside") else metric


def run(snapshots: np.ndarray, metrics: Any, dataset: Any = RING, seeds: Any = SEEDS) -> Any:
    # Any: the checker takes a boolean selection of rows for a column.
    points = training(dataset)
    return evaluate.run(snapshots, STEPS, seeds, dataset, metrics, training=points, seed=11)


def null(dataset: Any, metrics: Any, samples: int, repeats: int, seed: int = 1) -> Any:
    return evaluate.null(
        dataset,
        metrics,
        training=training(dataset, 1000 if dataset is ARTICLE else 100),
        samples=samples,
        repeats=repeats,
        seed=seed,
    )


def test_run_has_a_row_for_every_seed_step_and_number_in_order() -> None:
    table = run(true_snapshots(), all_metrics())
    assert list(table.columns) == ["seed", "step", "metric", "value"]
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
        bound = ready(metric, training())
        for name, value in bound(points, reference, RING, np.random.default_rng(0)).items():
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
        assert one.draw == two.draw
    references = {call.reference.tobytes() for call in first.kept()}
    assert len(references) == len({call.draw for call in first.kept()}) == len(SEEDS)
    third = Spy()
    given = {"training": training(), "seed": 12}
    evaluate.run(true_snapshots(), STEPS, SEEDS, RING, {"spy": third}, **given)
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
        def __call__(self, samples: Any, *rest: Any) -> dict[str, float]:
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


def test_null_has_a_row_for_every_repeat_and_number() -> None:
    table = null(RING, all_metrics(), N, 3)
    assert list(table.columns) == ["metric", "repeat", "value"]
    numbers = [name for metric in all_metrics().values() for name in metric.directions]
    expected = [(name, repeat) for repeat in range(3) for name in numbers]
    assert list(table[["metric", "repeat"]].itertuples(index=False, name=None)) == expected
    again = null(RING, all_metrics(), N, 5)
    assert_frame_equal(table, again[again["repeat"] < 3])


def test_null_repeats_are_independent_of_one_another_and_of_the_runs() -> None:
    perfect, ran = Spy(), Spy()
    null(RING, {"spy": perfect}, N, 8, seed=11)
    run(true_snapshots(), {"spy": ran})
    drawn = [call.samples.tobytes() for call in perfect.kept()]
    drawn += [call.reference.tobytes() for call in perfect.kept()]
    assert len(set(drawn)) == 16
    assert len({call.draw for call in perfect.kept()}) == 8
    assert set(drawn).isdisjoint(call.reference.tobytes() for call in ran.kept())


@pytest.mark.parametrize("name", names("datasets"))
def test_null_of_the_unbiased_distance_is_zero(name: str) -> None:
    metrics = {"energy_distance": example("metrics", "energy_distance")}
    dataset = ARTICLE if name == "article" else example("datasets", name)
    for _, part in null(dataset, metrics, 200, 150).groupby("metric"):
        values = part["value"].to_numpy()
        error = np.std(values, ddof=1) / math.sqrt(len(values))
        assert abs(np.mean(values)) <= 4 * error


def test_no_metrics_make_an_empty_table() -> None:
    table = run(true_snapshots(), {})
    assert list(table.columns) == ["seed", "step", "metric", "value"]
    assert len(table) == 0


@dataclass(frozen=True)
class Turned:
    """The ring with views: turned by a right angle, and its first coordinate alone."""

    dim = 2

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return RING.sample(n, rng)

    def training(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return RING.training(n, rng)

    def modes(self) -> Any:
        return RING.modes()

    def views(self) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
        return {"turned": lambda x: x[:, ::-1] * [-1, 1], "first": lambda x: x[:, :1]}


WITHOUT_MODES = ("mode_coverage", "mode_divergence")


def test_views_have_every_number_again_but_those_of_modes() -> None:
    metrics = all_metrics()
    table = run(true_snapshots(), metrics, Turned())
    plain = [name for metric in metrics.values() for name in metric.directions]
    seen = [
        name
        for key, metric in metrics.items()
        for name in metric.directions
        if key not in WITHOUT_MODES
    ]
    expected = [*plain, *(f"{name}_turned" for name in seen), *(f"{name}_first" for name in seen)]
    for _, part in table.groupby(["seed", "step"]):
        assert list(part["metric"]) == expected
    assert np.isfinite(table["value"].to_numpy()).all()
    columns = ["seed", "step", "metric", "value"]
    kept = table[table["metric"].isin(plain)].reset_index(drop=True)[columns]
    assert_frame_equal(kept, run(true_snapshots(), metrics))
    repeats = null(Turned(), metrics, N, 2)
    assert list(repeats["metric"]) == 2 * expected


def test_views_map_samples_reference_and_training_alike() -> None:
    spy, metrics, first = Spy(), all_metrics(), Turned().views()["first"]
    snapshots = true_snapshots()
    run(snapshots, {"spy": spy})
    reference = spy.kept()[-1].reference
    table = run(snapshots, metrics, Turned()).set_index(["seed", "step", "metric"])["value"]
    values = table[SEEDS[1], STEPS[2]]
    # Without modes in sight, as in a view, the Wasserstein distance has no strata.
    for key in set(metrics) - set(WITHOUT_MODES):
        metric = ready(metrics[key], first(training()))
        points = first(snapshots[1, 2].astype(np.float64)), first(reference)
        given = metric(*points, ARTICLE, np.random.default_rng(0))
        assert given == {name: values[f"{name}_first"] for name in given}
    for name in ("energy_distance", "frechet_distance", "density", "mmd2", "nearer_to_training"):
        assert values[f"{name}_turned"] == pytest.approx(values[name], rel=1e-9, abs=1e-12)


def test_views_of_diverged_or_huge_samples_have_the_same_rows_without_values() -> None:
    snapshots = true_snapshots().astype(np.float64)
    sound = run(snapshots, all_metrics(), Turned())
    snapshots[0, 1, 7, 1] = math.nan
    snapshots[1, 1] *= 1e200
    table = run(snapshots, all_metrics(), Turned())
    assert_frame_equal(table[["seed", "step", "metric"]], sound[["seed", "step", "metric"]])
    lost = table["step"] == STEPS[1]
    assert table.loc[lost, "value"].isna().all()
    assert_frame_equal(table[~lost], sound[~lost])


def test_views_that_overflow_have_no_values() -> None:
    class Squared(Turned):
        def views(self) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
            return {"squared": lambda x: (x * x) @ np.eye(2)}

    snapshots = true_snapshots().astype(np.float64)
    snapshots[0, 0, 0, 0] = 1e160
    table = run(snapshots, {"spy": Spy()}, Squared())
    assert table.loc[table["value"].isna(), "metric"].tolist() == ["drawn_squared"]


def test_a_views_names_must_not_clash() -> None:
    class Clashing(Spy):
        def __call__(self, *given: Any) -> dict[str, float]:
            return {"drawn_first": 1.0}

    with pytest.raises(ValueError, match="spy gives 'drawn_first'; another metric gives it"):
        run(true_snapshots(), {"clashing": Clashing("drawn_first"), "spy": Spy()}, Turned())


def test_training_points_reach_the_metrics_that_ask_for_them() -> None:
    copies = training(n=N)
    snapshots = np.broadcast_to(copies, (len(SEEDS), len(STEPS), *copies.shape))
    metrics = {"memorisation": example("metrics", "memorisation")}
    table = evaluate.run(snapshots, STEPS, SEEDS, RING, metrics, training=copies, seed=11)
    assert (table["value"] == 1).all()
    with pytest.raises(ValueError, match=r"shape \(5, 3\); accepted: \[m, 2\]"):
        evaluate.run(snapshots, STEPS, SEEDS, RING, metrics, training=np.zeros((5, 3)), seed=11)


def test_the_stages_read_the_training_points_from_the_data_file(tmp_path: Path) -> None:
    settings = {"count": 8, "radius": 2.0, "sigma": 0.1}
    definition = {"kind": "ring", "points": 1000, **settings}
    chosen: dict = {"seed": 11, "metrics": {"memorisation": {}, "energy_distance": None}}
    chosen["every_snapshot"] = ["memorisation", "energy_distance"]
    record.write_arrays(tmp_path / "data.npz", {"training": training(), "true": training()[:3]})
    record.write_json(tmp_path / "run" / "spec.json", {"definitions": {"dataset": definition}})
    arrays = {"samples": true_snapshots(), "steps": np.array(STEPS), "seeds": np.array(SEEDS)}
    record.write_arrays(tmp_path / "run" / "samples.npz", arrays)
    metrics = quality.metrics_of(chosen)
    quality.run(tmp_path / "run", tmp_path / "data.npz", chosen, tmp_path / "quality.parquet")
    made = record.read_table(tmp_path / "quality.parquet")
    assert_frame_equal(made, run(true_snapshots(), metrics))
    chosen["every_snapshot"] = ["energy_distance"]
    quality.run(tmp_path / "run", tmp_path / "data.npz", chosen, tmp_path / "quality.parquet")
    fewer = record.read_table(tmp_path / "quality.parquet")
    last = made["step"] == made["step"].max()
    wanted = made[last | (made["metric"] == "energy_distance")]
    keys = ["seed", "step", "metric"]
    tidy = [t.sort_values(keys, ignore_index=True) for t in (fewer, wanted)]
    assert_frame_equal(*tidy)
    spec = {**chosen, "definition": definition, "samples": N, "null_repeats": 2}
    quality.null(spec, tmp_path / "data.npz", tmp_path / "null.parquet")
    given = {"training": training(), "samples": N, "repeats": 2, "seed": 11}
    made = record.read_table(tmp_path / "null.parquet")
    assert_frame_equal(made, evaluate.null(RING, metrics, **given))
