"""Figures of samples, runs and verdicts show what the tables hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib import colors
from worlds import synthetic
from worlds.drawn import Tables, draw, keep, last, marks, words

from approxgan.analysis.frames import GROUP
from approxgan.figures import _series, _style, _tiles, effects, kinks, stability


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
    (panel,) = figure.axes
    assert "uniform shift, ε = 0.01" in words(figure)
    assert "uniform shift, ε = 10⁻⁶" not in words(figure)
    assert [text.get_text() for text in panel.texts] == ["3 of 4"]
    assert marks(panel, stability.KINDS["diverged"][1]) == [[75.0, 1.0]]
    kept = draw(
        "stability", {"outcomes": tables["outcomes"].assign(diverged=False, vanished=False)}
    )
    cells = tables["outcomes"].drop_duplicates([*GROUP, *_series.CELL])
    assert f"{len(cells)} of {len(cells)} cells had no failure" in words(kept)
    # None of four: the upper end of Wilson's interval is z² / (n + z²).
    assert "49 % (4 seeds)" in words(kept)
    # Of several numbers of seeds the least is told too: it leaves most open.
    few = pd.concat([outcomes[outcomes["seed"] < n].assign(study=f"of_{n}") for n in (1, 2, 3, 4)])
    few = draw("stability", {"outcomes": few.assign(diverged=False)})
    assert "79 % (1 seeds) or 49 % (4 seeds)" in " ".join(words(few).split())


def test_effects_are_those_of_the_comparisons(tables: Tables) -> None:
    rows = keep(tables, study="main", dataset="ring", mode="forward_gradient")["comparisons"]
    one = rows[rows["family"] == "primary"].assign(
        difference_sds=-0.94, low=-1.65, high=0.09, verdict="better"
    )
    figure = draw("effects", {**tables, "comparisons": one})
    (ax,) = figure.axes
    assert [text.get_text() for text in ax.texts] == ["−0.9 [−1.6, +0.09]"]
    colour = effects.VERDICTS["better"]
    assert marks(ax, colour) == [[-0.94, 1.0]]
    bars = [one for one in ax.lines if colors.same_color(one.get_color(), colour)]
    assert [-1.65, 0.09] in [np.asarray(bar.get_xdata()).tolist() for bar in bars]
    unknown = one.assign(difference_sds=np.nan)
    assert "no data" in words(draw("effects", {**tables, "comparisons": unknown}))


def test_effects_leave_out_rates_that_are_not_the_studys(tables: Tables) -> None:
    figure = draw("effects", tables)
    (ax,) = figure.axes
    rows = tables["comparisons"]
    rows = rows[(rows["family"] == "primary") & rows["difference_sds"].notna()]
    plain = rows[~rows["settings"].str.startswith("learning_rate")]
    assert 0 < len(plain) < len(rows)
    assert len(ax.texts) == len(plain)


@pytest.mark.parametrize(
    ("value", "text"),
    [(10.0, "+10"), (2.115, "+2.1"), (-0.94, "−0.9"), (-0.018, "−0.02"), (-1e-3, "0")],
)
def test_effects_in_two_digits(value: float, text: str) -> None:
    assert effects.signed(value) == text


def test_controls_stand_beside_what_they_are_matched_with(tables: Tables) -> None:
    figure = draw("controls", tables)
    (part,) = [part for part in figure.subfigs if part.get_suptitle().startswith("ring")]
    (panel,) = part.subfigs[0].axes
    for mode in ("forward_difference", "noisy_exact", "masked_exact", "perturbed_start"):
        rows = last(tables, study="main", dataset="ring", mode=mode)
        shown = rows[~rows["rule"].isin(synthetic.RULES)].sort_values(["epsilon", "seed"])
        drawn = marks(panel, _style.colour(mode))
        np.testing.assert_allclose([y for _, y in drawn], shown["value"])
    alone = keep(tables, mode="forward_difference")
    assert "no data" in words(draw("controls", alone))


def test_controls_are_shown_with_how_wrong_both_were_along_their_runs(tables: Tables) -> None:
    some = keep(tables, study="main", dataset="ring")
    training, value = some["training"].copy(), "discriminator_relative_error"
    noisy = training["mode"] == "noisy_exact"
    training.loc[noisy, value] *= 1 + training["step"] / 100
    figure = draw("controls", {**some, "training": training}, laid_out=False)
    panels = figure.subfigs[0].subfigs[1].axes
    (panel,) = [ax for ax in panels if ax.get_title() == "ε = 10⁻⁴"]
    for mode in ("forward_difference", "noisy_exact"):
        own = training[(training["mode"] == mode) & np.isclose(training["epsilon"], 1e-4)]
        colour, solid = _style.colour(mode), [one for one in panel.lines if not one.is_dashed()]
        (curve,) = [one for one in solid if one.get_color() == colour]
        expected = own.groupby("step")[value].median()
        np.testing.assert_allclose(curve.get_xydata(), expected.reset_index().to_numpy(float))


@pytest.mark.parametrize("name", ["samples", "evolution"])
def test_cells_with_seeds_of_their_own_are_shown_at_their_first(name: str, tables: Tables) -> None:
    some = keep(tables, study="main", dataset="moons")
    for key in ("samples", "evolution", "outcomes"):
        own = (some[key]["mode"] == "exact") * 7
        some[key] = some[key].assign(seed=some[key]["seed"] + own)
    figure = draw(name, some, laid_out=False)
    titled = {ax.get_title() or ax.get_ylabel(): ax for ax in figure.axes}
    shown = titled["exact" if name == "samples" else "step 0"]
    made = shown.collections[-1]
    assert len(np.asarray(made.get_offsets()))
    assert colors.same_color(np.asarray(made.get_facecolor())[0, :3], _style.INK)


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
    assert {"uniform shift ε = 10⁻⁶", "uniform shift ε = 0.01"} <= set(labels)


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
    tile = _tiles.mosaic(frame.sample(frac=1.0, random_state=0))
    assert tile.shape == (5 * 3 - 1, 5 * 4 - 1)
    np.testing.assert_array_equal(tile[:2, 4:7], pixels[1])
    np.testing.assert_array_equal(tile[3:5, :3], pixels[5])
    assert np.isfinite(tile).sum() == pixels.size


def test_images_have_the_greys_of_the_true_ones(tables: Tables) -> None:
    figure = draw("images", tables)
    true = tables["images"].loc[tables["images"]["mode"] == "", "value"]
    shown = [ax.images[0] for ax in figure.axes if ax.images]
    assert len(shown) == 1 + tables["images"].groupby(["mode", "epsilon"]).ngroups + 1
    assert {image.get_clim() for image in shown} == {(true.min(), true.max())}


def test_a_run_without_images_says_why(tables: Tables) -> None:
    made = tables["images"]
    gone = made[made["epsilon"] != 1e-2]
    outcomes = tables["outcomes"].assign(diverged=tables["outcomes"]["epsilon"] == 1e-2)
    figure = draw("images", {"images": gone, "outcomes": outcomes})
    assert words(figure).count("diverged") == 1
