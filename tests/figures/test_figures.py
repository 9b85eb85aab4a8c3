"""Every figure over made-up tables: whole, in part, and empty."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from worlds import synthetic
from worlds.drawn import Tables, draw, keep, words

from approxgan.config import registry
from approxgan.core.errors import InputError
from approxgan.figures import _style
from approxgan.figures import stage as drawing
from approxgan.storage import files

NAMES = registry.names("figures")


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
    # A sheet of A4 shows WIDTH at 73 %: 11 points are 8.
    assert figure.get_size_inches()[0] <= _style.WIDTH
    sizes = {text.get_fontsize() for text in figure.findobj(Text) if text.get_text().strip()}
    assert min(sizes) >= _style.SMALL
    for key, frame in tables.items():
        pd.testing.assert_frame_equal(frame, before[key])


@pytest.mark.parametrize("name", NAMES)
def test_empty_tables_say_no_data(name: str) -> None:
    assert "no data" in words(draw(name, synthetic.empty(), laid_out=False))


@pytest.mark.parametrize("name", NAMES)
def test_one_dataset_and_modes_without_epsilon_only(name: str, tables: Tables) -> None:
    some = keep(tables, study="main", dataset="ring")
    for key, frame in some.items():
        if "epsilon" in frame:
            some[key] = frame[frame["epsilon"].isna()]
    draw(name, some, laid_out=False)


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
    draw(
        name,
        keep(tables, study="main", dataset="ring", mode="uniform_shift", seed=0),
        laid_out=False,
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_mode_nobody_knows_with_two_settings(name: str, tables: Tables) -> None:
    renamed = keep(tables, dataset="moons")
    for key, frame in renamed.items():
        if "mode" in frame:
            more = frame[frame["mode"] == "uniform_shift"]
            parts = [
                more.assign(
                    mode="my_<b>$mode",
                    settings=f"fast{k}_same3",
                    own_settings=f'{{"fast": {k}, "same": 3}}',
                )
                for k in (1, 2)
            ]  # fmt: skip
            some = frame[frame["mode"].isin(["exact", "uniform_shift"])]
            renamed[key] = pd.concat([some, *parts], ignore_index=True)
    figure = draw(name, renamed, laid_out=False)
    if name in {"gradient_error", "quality_epsilon", "stability", "training_curves"}:
        assert "(fast 2)" in words(figure)


@pytest.mark.parametrize("name", ["samples", "quality_epsilon"])
def test_saved_twice_is_the_same_bytes(name: str, tables: Tables, tmp_path: Path) -> None:
    """Of a figure with pixels in its SVG, and of one without."""
    for key in registry.build("figures", name, {}).needs:
        files.write_table(tmp_path / key, keep(tables, dataset="ring")[key])
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
