"""Every figure over made-up tables: whole, in part, and empty."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import synthetic
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy import stats

from approxgan import collect, drawing, grid, naming, record, registry
from approxgan.core import InputError
from approxgan.figures import (
    _groups,
    _style,
    _theory,
    cost_cosine,
    effects,
    error_quality,
    images,
    kinks,
    quality_cost,
)

NAMES = registry.names("figures")
Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def tables() -> Tables:
    made = synthetic.make(synthetic.WIDE)
    return {**made, "comparisons": synthetic.comparisons(made["quality"])}


def draw(name: str, tables: Tables) -> Figure:
    """The figure, laid out and painted once: layout is where trouble would warn."""
    figure = registry.build("figures", name, {})
    drawn = figure.draw({need: tables[need] for need in figure.needs})
    drawn.savefig(io.BytesIO(), format="png", dpi=30)
    return drawn


def words(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))


def keep(tables: Tables, **columns: str | int) -> Tables:
    """The rows where these columns have these values, in the tables that have them."""
    made = dict(tables)
    for column, value in columns.items():
        for name, frame in made.items():
            if column in frame:
                made[name] = frame[frame[column] == value]
    return made


@pytest.mark.parametrize("name", NAMES)
def test_says_what_it_is(name: str) -> None:
    figure = registry.build("figures", name, {})
    assert set(figure.needs) <= set(synthetic.empty())
    assert figure.needs == registry.describe("figures", name).constants["needs"]
    assert figure.title
    assert figure.caption.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_draws_whole_tables_and_leaves_them_alone(name: str, tables: Tables) -> None:
    before = {key: frame.copy() for key, frame in tables.items()}
    figure = draw(name, tables)
    assert any(ax.has_data() for ax in figure.axes)
    assert "no data" not in words(figure)
    for key, frame in tables.items():
        pd.testing.assert_frame_equal(frame, before[key])


@pytest.mark.parametrize("name", NAMES)
def test_empty_tables_say_no_data(name: str) -> None:
    assert "no data" in words(draw(name, synthetic.empty()))


@pytest.mark.parametrize("name", NAMES)
def test_one_dataset_and_modes_without_epsilon_only(name: str, tables: Tables) -> None:
    some = keep(tables, study="main", dataset="ring")
    for key, frame in some.items():
        if "epsilon" in frame:
            some[key] = frame[frame["epsilon"].isna()]
    draw(name, some)


@pytest.mark.parametrize("name", NAMES)
def test_every_run_diverged(name: str, tables: Tables) -> None:
    lost = keep(tables, dataset="ring")
    lost["quality"] = lost["quality"].assign(value=np.nan)
    lost["outcomes"] = lost["outcomes"].assign(diverged=True)
    lost["samples"] = lost["samples"].iloc[:0]
    training = lost["training"].copy()
    training[["generator_loss", "discriminator_loss"]] = np.inf
    draw(name, {**lost, "training": training})


@pytest.mark.parametrize("name", NAMES)
def test_one_seed_one_mode(name: str, tables: Tables) -> None:
    draw(name, keep(tables, study="main", dataset="ring", mode="uniform_shift", seed=0))


@pytest.mark.parametrize("name", NAMES)
def test_a_mode_nobody_knows_with_two_settings(name: str, tables: Tables) -> None:
    renamed = keep(tables, dataset="moons")
    for key, frame in renamed.items():
        if "mode" in frame:
            more = frame[frame["mode"] == "uniform_shift"]
            parts = [
                more.assign(mode="my_<b>$mode", settings=s) for s in ("fast1_same3", "fast2_same3")
            ]
            renamed[key] = pd.concat([frame, *parts], ignore_index=True)
    figure = draw(name, renamed)
    if name in {"gradient_error", "quality_epsilon", "stability", "training_curves"}:
        assert "(fast2)" in words(figure)


@pytest.mark.parametrize("name", NAMES)
def test_saved_twice_is_the_same_bytes(name: str, tables: Tables, tmp_path: Path) -> None:
    mode = "exact" if name == "article_losses" else "forward_difference"
    some = keep(tables, dataset="ring", mode=mode, player="generator")
    for key in registry.build("figures", name, {}).needs:
        record.write_table(tmp_path / key, some[key])
    made = []
    for k in "ab":
        drawing.draw(name, tmp_path, tmp_path / k / "v1.5", 40)
        made.append([(tmp_path / k / f"v1.5{s}").read_bytes() for s in (".svg", ".png")])
    assert made[0] == made[1]
    assert registry.build("figures", name, {}).title.encode() in made[0][0]


def test_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"data\.parquet"):
        drawing.draw("data", tmp_path, tmp_path / "data", 40)
    with pytest.raises(InputError, match="nonsense"):
        drawing.draw("nonsense", tmp_path, tmp_path / "x", 40)


def line(figure: Figure, title: str, colour: str, row: int = 0) -> dict[float, float]:
    """The points of the first marked line of a colour in the panel of that title."""
    tops = [ax for ax in figure.axes if ax.get_title() == title]
    for one in tops[row].lines:
        if colors.same_color(one.get_color(), colour) and one.get_marker() not in {"", "None"}:
            x, y = (np.asarray(part, float).tolist() for part in (one.get_xdata(), one.get_ydata()))
            return dict(zip(x, y, strict=True))
    raise AssertionError(f"no line of colour {colour} under {title!r}")


def test_gradient_error_shows_medians(tables: Tables) -> None:
    drawn = line(draw("gradient_error", tables), "ring", _style.colour("forward_difference"))
    rows = keep(tables, dataset="ring", mode="forward_difference", player="discriminator")
    errors = rows["gradient_error"]
    errors = errors[errors["dtype"] == "float32"]
    expected = errors.groupby("epsilon")["relative_error"].median().to_dict()
    assert drawn == pytest.approx(expected)


def test_quality_shows_final_medians(tables: Tables) -> None:
    drawn = line(draw("quality_epsilon", tables), "ring", _style.colour("uniform_shift"))
    rows = keep(tables, dataset="ring", mode="uniform_shift", metric="energy_distance")["quality"]
    final = rows[rows["step"] == rows["step"].max()]
    assert drawn == pytest.approx(final.groupby("epsilon")["value"].median().to_dict())


def test_samples_are_those_of_the_last_step(tables: Tables) -> None:
    figure = draw("samples", keep(tables, dataset="moons", study="main"))
    titled = {ax.get_title(): ax for ax in figure.axes}
    rows = keep(tables, dataset="moons", mode="exact", study="main", seed=0)["samples"]
    final = rows[rows["step"] == rows["step"].max()]
    drawn = np.asarray(titled["exact"].collections[-1].get_offsets())
    np.testing.assert_allclose(drawn, final[["x", "y"]])


def test_stability_counts_runs(tables: Tables) -> None:
    outcomes = keep(tables, study="main", dataset="ring", mode="uniform_shift")["outcomes"].copy()
    outcomes["diverged"] = (outcomes["epsilon"] == 1e-2) & (outcomes["seed"] < 3)
    outcomes["vanished"] = False
    figure = draw("stability", {"outcomes": outcomes})
    mesh = np.ma.asarray(figure.axes[0].collections[0].get_array())
    np.testing.assert_allclose(mesh[1].filled(np.nan), [0.0, 0.0, 0.75])
    assert [text.get_text() for text in figure.axes[0].texts if text.get_text()] == ["3"]


def test_training_curves_choose_by_the_probe(tables: Tables) -> None:
    errors = tables["gradient_error"].copy()
    here = (errors["mode"] == "uniform_shift") & (errors["dtype"] == "float32")
    errors.loc[here, "cosine"] = np.where(errors.loc[here, "epsilon"] == 1e-6, 0.9, 0.1)
    figure = draw("training_curves", {**tables, "gradient_error": errors})
    assert "uniform shift, ε = 10⁻⁶" in words(figure)


def last(tables: Tables, **columns: str | int) -> pd.DataFrame:
    """Rows of the energy distance at the end of training."""
    rows = keep(tables, metric="energy_distance", **columns)["quality"]
    return rows[rows["step"] == rows["step"].max()]


def marks(ax: Axes, colour: str) -> list[tuple[float, float]]:
    """The points of all lines of a colour that have markers."""
    lines = [one for one in ax.lines if one.get_marker() not in {"", "None", "x"}]
    own = [one for one in lines if colors.same_color(one.get_color(), colour)]
    return [point for one in own for point in np.asarray(one.get_xydata()).tolist()]


def test_quality_costs_what_was_counted_and_timed(tables: Tables) -> None:
    errors = tables["gradient_error"].copy()
    errors.loc[errors["mode"] == "uniform_shift", "cosine"] = errors["epsilon"]
    figure = draw("quality_cost", {**tables, "gradient_error": errors})
    assert "uniform shift, ε = 10⁻²" in words(figure)
    panels = [ax for ax in figure.axes if ax.get_subplotspec().get_gridspec().ncols == 3][3:]
    drawn = [dict(marks(ax, _style.colour("uniform_shift"))) for ax in panels]
    some = keep(tables, study="main", dataset="ring", mode="uniform_shift", epsilon=1e-2)
    energy = keep(some, metric="energy_distance")["quality"]
    expected = energy.groupby("step")["value"].median()
    assert drawn[0] == pytest.approx(expected.to_dict())
    # The counts of the made-up runs grow evenly; beyond the last traced step they still do.
    traced, cost = some["training"].iloc[-1], some["cost"]
    each = [(traced["forwards"] + 2 * traced["backwards"]) / traced["step"],
            (cost["seconds"] / 2 / expected.index[-1]).mean()]  # fmt: skip
    for points, per_step in zip(drawn[1:], each, strict=True):
        spent = {step * per_step: value for step, value in expected.items() if step}
        np.testing.assert_allclose(sorted(points.items()), sorted(spent.items()))


def test_a_reverse_pass_counts_as_two_forwards() -> None:
    training = pd.DataFrame({"step": [0, 10], "forwards": [0, 20], "backwards": [0, 30]})
    steps = np.array([0.0, 5.0, 20.0])
    np.testing.assert_allclose(quality_cost.counts(training, steps), [0, 40, 160])
    assert np.isnan(quality_cost.counts(training[:1], steps)).all()
    jobs = pd.DataFrame({"seeds": ["0-9", "10-10"], "seconds": [30.0, 5.0]})
    assert quality_cost.seconds(jobs, 2) == pytest.approx((1.5 + 2.5) / 2)


def test_error_quality_has_a_point_a_cell_and_their_rank_correlation(tables: Tables) -> None:
    some = keep(tables, study="main", dataset="ring")
    figure = draw("error_quality", some)
    cells = ["mode", "settings", "epsilon"]
    score = last(some).groupby(cells, dropna=False)["value"].median().rename("score")
    error = some["training"].groupby(cells, dropna=False)["generator_relative_error"].median()
    both = pd.concat([score, error], axis=1)
    drawn = marks(figure.axes[1], _style.colour("uniform_shift"))
    expected = both.loc["uniform_shift", ["generator_relative_error", "score"]]
    np.testing.assert_allclose(sorted(drawn), np.sort(expected.to_numpy(), 0))
    ranks = stats.spearmanr(both["score"], both["generator_relative_error"]).statistic
    assert f"Spearman {ranks:+.2f} ({len(both)} cells)" in words(figure)


def test_error_quality_ranks_diverged_cells_last_and_zeros_as_no_direction() -> None:
    keys = dict.fromkeys(_groups.GROUP, "a") | {"settings": "", "rule": "", "step": 9}
    rows = [(mode, seed) for mode in "abc" for seed in range(3)]
    runs = pd.DataFrame(rows, columns=["mode", "seed"]).assign(**keys, epsilon=np.nan)
    lost = (runs["mode"] == "c") & (runs["seed"] < 2)
    value = runs["mode"].map({"a": 1.0, "b": 2.0, "c": 0.0}).mask(lost)
    quality = runs.assign(metric="energy_distance", value=value)
    likeness = runs["mode"].map({"a": 1.0, "b": 0.5, "c": np.nan})
    training = runs.assign(generator_cosine=likeness, generator_relative_error=1.0)
    found = error_quality.measured(quality, training)
    assert found["value"].tolist() == [1, 2, np.inf]
    assert found["whole"].tolist() == [True, True, False]
    assert found["generator_cosine"].tolist() == [1, 0.5, 0]
    assert error_quality.correlation(found, "generator_cosine") == pytest.approx(-1)
    assert np.isnan(error_quality.correlation(found, "generator_relative_error"))


def test_cost_cosine_shows_the_best_step_at_what_it_costs(tables: Tables) -> None:
    some = keep(tables, dataset="ring", player="generator", dtype="float32")
    figure = draw("cost_cosine", some)
    (panel,) = [ax for ax in figure.axes if ax.get_title().endswith("generator, d = 29,698")]
    rows = keep(some, mode="forward_difference", rule="fixed")["gradient_error"]
    best = rows.groupby("epsilon")["cosine"].median().max()
    (drawn,) = marks(panel, _style.colour("forward_difference"))
    assert drawn == pytest.approx([29_699, best])
    assert marks(panel, _style.colour("exact"))[0][0] == 3


def test_cosine_of_gaussian_directions() -> None:
    # The root mean square, over 400 draws, of the cosine of one fixed gradient with the mean of its
    # projections on q Gaussian directions is within 4 % of the formula at d = 300.
    d, rng = 300, np.random.default_rng(0)
    for q in (4, 64):
        directions = rng.normal(size=(400, q, d))
        estimate = (directions[:, :, :1] * directions).mean(1)
        measured = np.sqrt((estimate[:, 0] ** 2 / (estimate**2).sum(1)).mean())
        assert measured == pytest.approx(cost_cosine.cosine(np.array([q]), d)[0], rel=0.04)


def test_effects_are_those_of_the_comparisons(tables: Tables) -> None:
    rows = keep(tables, study="main", dataset="ring", mode="forward_gradient")["comparisons"]
    one = rows[rows["family"] == "primary"].assign(
        difference_sds=-0.94, low=-1.65, high=0.09, verdict="better"
    )
    figure = draw("effects", {"comparisons": one})
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["▼ −0.9", "[−1.6, 0.09]"]
    (patch,) = figure.axes[0].patches
    red, _, blue, _ = patch.get_facecolor()
    assert blue > red
    unknown = one.assign(difference_sds=np.nan)
    assert "no data" in words(draw("effects", {"comparisons": unknown}))


@pytest.mark.parametrize(
    ("value", "text"),
    [(10.0, "+10"), (2.115, "+2.1"), (-0.94, "−0.9"), (-0.018, "−0.02"), (-1e-3, "0")],
)
def test_effects_in_two_digits(value: float, text: str) -> None:
    assert effects.number(value, "+") == text


def test_controls_stand_beside_what_they_are_matched_with(tables: Tables) -> None:
    figure = draw("controls", tables)
    (panel,) = [ax for ax in figure.axes if ax.get_title() == "ring"]
    for mode in ("forward_difference", "noisy_exact", "masked_exact", "perturbed_start"):
        rows = last(tables, study="main", dataset="ring", mode=mode)
        shown = rows[~rows["rule"].isin(synthetic.RULES)].sort_values(["epsilon", "seed"])
        drawn = marks(panel, _style.colour(mode))
        np.testing.assert_allclose([y for _, y in drawn], shown["value"])
    alone = keep(tables, mode="forward_difference")
    assert "no data" in words(draw("controls", alone))


def test_evolution_shows_each_snapshot_and_the_smallest_step(tables: Tables) -> None:
    figure = draw("evolution", keep(tables, dataset="moons"))
    (block,) = figure.subfigs
    titles = [ax.get_title() for ax in block.axes[:3]]
    assert titles == ["step 0", "step 500", "step 1,000"]
    samples = keep(tables, dataset="moons", mode="exact")["evolution"]
    for ax, step in zip(block.axes[:3], sorted(samples["step"].unique()), strict=True):
        rows = samples[samples["step"] == step]
        drawn = np.asarray(ax.collections[-1].get_offsets())
        np.testing.assert_allclose(drawn, rows[["x", "y"]])
    labels = [ax.get_ylabel().replace("\n", " ") for ax in block.axes]
    assert {"uniform shift ε = 10⁻⁶", "uniform shift ε = 10⁻²"} <= set(labels)


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


@pytest.mark.parametrize("name", ["gradient_error", "cosine"])
def test_steps_of_rules_are_no_levels(name: str, tables: Tables) -> None:
    errors = tables["gradient_error"]
    fixed = {**tables, "gradient_error": errors[~errors["rule"].isin(synthetic.RULES)]}
    whole, part = draw(name, tables), draw(name, fixed)
    assert words(whole) == words(part)
    assert [len(ax.lines) for ax in whole.axes] == [len(ax.lines) for ax in part.axes]


def test_rules_are_levels_of_the_quality(tables: Tables) -> None:
    assert "forward difference (adaptive)" in words(draw("quality_epsilon", tables))


def test_marks_of_rules_stand_at_what_they_chose(tables: Tables) -> None:
    some = keep(tables, dataset="ring", player="generator", dtype="float64")
    rows = keep(some, mode="forward_difference", rule="adaptive")["gradient_error"]
    figure = draw("epsilon_rules", some)
    (panel,) = [ax for ax in figure.axes if ax.get_title().endswith("generator")]
    marks = [one for one in panel.lines if one.get_marker() == "D" and one.get_markersize() > 5]
    (mark,) = marks
    assert mark.get_xdata()[0] == pytest.approx(rows["chosen_epsilon"].median())
    assert mark.get_ydata()[0] == pytest.approx(rows["relative_error"].median())
    bars = [np.asarray(one.get_xdata(), float).tolist() for one in panel.lines]
    assert [rows[f"chosen_{end}"].median() for end in ("low", "high")] in bars


def test_dirac_shows_every_game_beside_theory(tables: Tables) -> None:
    figure = draw("dirac", tables)
    games = list(dict.fromkeys(tables["dirac"]["game"]))
    assert [part.get_suptitle() for part in figure.subfigs] == games
    truth = keep(tables, game=games[0], mode="exact")["dirac"]
    portrait, random, radius, distance = figure.subfigs[0].axes
    for ax in (portrait, random):
        drawn = np.stack(ax.lines[0].get_data())
        expected = truth[["expected_generator", "expected_discriminator"]].to_numpy().T
        np.testing.assert_allclose(drawn, expected)
        assert ax.get_xlim() == ax.get_ylim()
    coarse = [one for one in distance.lines if one.get_linestyle() == "--"]
    size = np.hypot(truth["generator"], truth["discriminator"])
    np.testing.assert_allclose(radius.lines[0].get_ydata(), size)
    rows = keep(tables, game=games[0], mode="forward_difference", epsilon=1e-1)["dirac"]
    off = np.hypot(rows["generator"] - rows["expected_generator"],
                   rows["discriminator"] - rows["expected_discriminator"]) / np.hypot(
                   rows["expected_generator"], rows["expected_discriminator"])  # fmt: skip
    np.testing.assert_allclose(np.asarray(coarse[0].get_ydata())[1:], off[1:])


def test_kinks_find_the_first_step_at_which_runs_part() -> None:
    runs = [(seed, alpha) for seed in (0, 1) for alpha in (0.0, 0.5, 1.0)]
    rows = [(a, s, k, 1.0 + (s == 0 and k >= 20) * a) for s, a in runs for k in (0, 10, 20, 30)]
    frame = pd.DataFrame(rows, columns=["alpha", "seed", "step", "generator_loss"])
    frame["discriminator_loss"] = np.nan
    # A run that ended early differs from the first step that it lacks.
    frame = frame[(frame["alpha"] < 1) | (frame["seed"] < 1) | (frame["step"] < 30)]
    found = kinks._first_steps(frame).set_index(["alpha", "seed"])["step"]
    assert found.drop((0.5, 1)).to_dict() == {(0.5, 0): 20, (1.0, 0): 20, (1.0, 1): 30}
    assert np.isnan(found[0.5, 1])


def test_kinks_need_several_alpha(tables: Tables) -> None:
    some = keep(tables, settings="alpha0.5")
    assert "several alpha" in words(draw("kinks", some))
    unknown = dict.fromkeys(kinks.ZEROS, np.nan)
    bare = {**tables, "training": tables["training"].assign(**unknown)}
    assert "no shares of exact zeros" in words(draw("kinks", bare))


def test_images_lie_in_rows_of_five() -> None:
    pixels = np.arange(7 * 2 * 3.0).reshape(7, 2, 3)
    index, row, column = (part.ravel() for part in np.indices(pixels.shape))
    frame = pd.DataFrame({"index": index, "row": row, "column": column, "value": pixels.ravel()})
    tile = images._tile(frame.sample(frac=1.0, random_state=0))
    assert tile.shape == (5 * 3 - 1, 5 * 4 - 1)
    np.testing.assert_array_equal(tile[:2, 4:7], pixels[1])
    np.testing.assert_array_equal(tile[3:5, :3], pixels[5])
    assert np.isfinite(tile).sum() == pixels.size


def test_images_have_the_greys_of_the_true_ones(tables: Tables) -> None:
    figure = draw("images", tables)
    true = tables["images"].loc[tables["images"]["mode"] == "", "value"]
    shown = [ax.images[0] for ax in figure.subfigs[0].axes if ax.images]
    assert len(shown) == 1 + tables["images"].groupby(["mode", "epsilon"]).ngroups + 1
    assert {image.get_clim() for image in shown} == {(true.min(), true.max())}


def test_a_run_without_images_says_why(tables: Tables) -> None:
    made = tables["images"]
    gone = made[made["epsilon"] != 1e-2]
    outcomes = tables["outcomes"].assign(diverged=tables["outcomes"]["epsilon"] == 1e-2)
    figure = draw("images", {"images": gone, "outcomes": outcomes})
    assert words(figure).count("diverged") == 1


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


def test_evolution_is_gathered_from_the_widest_study(tmp_path: Path) -> None:
    modes = [{"mode": "exact"}, {"mode": "spsa", "epsilon": 1e-3, "directions": 2},
             {"mode": "uniform_shift", "epsilon": [1e-3, 1e-1]}]  # fmt: skip
    base = {"datasets": ["ring"], "models": ["m"], "losses": ["minimax"]}
    config = {
        "datasets": {"ring": {"kind": "ring", "points": 9, "count": 8, "radius": 2.0,
                              "sigma": 0.1}},
        "seeds": {"first": 0, "count": 4, "block": 2}, "training": {}, "points": 5, "probes": [],
        "studies": [{**base, "name": "a", "modes": modes[:1]},
                    {**base, "name": "b", "modes": modes}],
    }  # fmt: skip
    rng = np.random.default_rng(0)
    for name in grid.cells(config):
        drawn = rng.normal(size=(2, 3, 7, 2))
        drawn[0, 2] = np.nan if "1e-1" in name else drawn[0, 2]
        path = tmp_path / "runs" / name / "samples.npz"
        record.write_arrays(path, {"steps": np.array([0, 4, 8]), "samples": drawn})
    made = pd.concat(collect.evolution(config, tmp_path))
    assert set(made["study"]) == {"b"}
    assert set(made["seed"]) == {0}
    counts = made.groupby(["mode", "epsilon"], dropna=False).size().to_dict()
    assert sorted(counts.values()) == [10, 15, 15]
    assert set(made["mode"]) == {"exact", "uniform_shift"}
    exact = [c for c in grid.cells(config).values() if naming.mode_name(c) == "exact"]
    (cell,) = [c for c in exact if c.study == "b" and c.seeds[0] == 0]
    arrays = record.read_arrays(tmp_path / "runs" / grid.folder(cell) / "samples.npz")
    rows = made[(made["mode"] == "exact") & (made["step"] == 4)]
    np.testing.assert_array_equal(rows[["x", "y"]], arrays["samples"][0, 1, :5])
