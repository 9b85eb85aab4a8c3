"""Every figure over made-up tables: whole, in part, and empty."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import synthetic
from matplotlib import colors
from matplotlib.figure import Figure
from matplotlib.text import Text

from approxgan import drawing, record, registry
from approxgan.core import InputError
from approxgan.figures import _groups, _style
from approxgan.figures.gradient_error import best_step, forward_difference

NAMES = registry.names("figures")
Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def tables() -> Tables:
    return synthetic.make()


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
    np.testing.assert_allclose(forward_difference(steps, point), error, rtol=4 / np.sqrt(p))
    around = forward_difference(best_step(point) * np.array([0.3, 1.0, 3.0]), point)
    assert around.argmin() == 1


@pytest.mark.parametrize(
    ("epsilon", "text"), [(1e-4, "10⁻⁴"), (3e-5, "3·10⁻⁵"), (0.1, "10⁻¹"), (1.0, "10⁰")]
)
def test_epsilon_in_words(epsilon: float, text: str) -> None:
    assert _style.epsilon_text(epsilon) == text


def test_titles_tell_groups_apart_in_few_words(tables: Tables) -> None:
    titles = [title for title, _ in _groups.split(tables["outcomes"], _groups.GROUP)]
    assert len(set(titles)) == len(titles) == 4
    assert "moons" in titles
