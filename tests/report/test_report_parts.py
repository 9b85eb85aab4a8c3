"""What the page is made of: the sentences, the steps, what the scripts hold, numbers."""

from __future__ import annotations

import base64
import gzip
import io
import itertools
import json
import re
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image
from worlds import ROOT, synthetic

from approxgan.analysis import frames, text
from approxgan.claims import summary
from approxgan.config import load, registry
from approxgan.design import cells, names
from approxgan.design.paths import Results
from approxgan.figures import stage as drawing
from approxgan.report import explore, picture, points, scope, steps, svg, verdicts
from approxgan.report.cells import key, landed
from approxgan.storage import files


def test_a_strip_is_drawn_in_order_and_only_of_finite_numbers() -> None:
    row = {"unit": "ratio", "effect": 2.0, "low": 1.5, "high": 3.0, "bound": 0.9, "side": "below"}
    at = verdicts.strip(row)
    assert at is not None
    assert at["bound"] < at["none"] < at["low"] < at["effect"] < at["high"]
    assert (at["from"], at["width"]) == (0, at["bound"])
    above = verdicts.strip({**row, "side": "above"})
    assert above is not None
    assert above["from"] + above["width"] == pytest.approx(100)
    assert verdicts.strip({**row, "high": float("nan")}) is None


def test_settings_are_told_in_words_of_both_players_or_each() -> None:
    own = json.dumps({"directions": 4, "shaping": "leave_one_out", "distance": 1e-7})
    assert text.settings(own) == ["directions 4", "distance 10⁻⁷", "shaping leave one out"]
    assert text.settings(json.dumps([{"noise": "fresh"}, {"sides": 1}])) == [
        "G noise fresh",
        "D sides 1",
    ]
    assert text.settings(own, ["distance", "shaping"]) == ["directions 4"]
    assert text.settings("") == []


def test_the_table_of_modes_counts_every_run_in_which_a_player_has_the_mode() -> None:
    pair = {"generator_mode": "spsa", "discriminator_mode": "exact", "generator_epsilon": 0.5,
            "discriminator_epsilon": np.nan, "own_settings": '[{"directions": 2}, {}]'}  # fmt: skip
    both = {"generator_mode": "exact", "discriminator_mode": "exact", "generator_epsilon": np.nan,
            "discriminator_epsilon": np.nan, "own_settings": "{}"}  # fmt: skip
    found = {row["mode"]: row for row in scope.methods(pd.DataFrame([pair, pair, both]))}
    assert {name: row["runs"] for name, row in found.items()} == {"exact": 3, "spsa": 2}
    assert (found["exact"]["settings"], found["exact"]["steps"]) == ([], [])
    assert (found["spsa"]["settings"], found["spsa"]["steps"]) == (["directions 2"], ["0.5"])


def test_the_best_step_is_the_one_of_least_median_error() -> None:
    where = {"dataset": "ring", "model": "m", "loss": "l", "player": "generator",
             "dtype": "float32", "mode": "forward_difference"}  # fmt: skip
    errors = [
        {**where, "epsilon": epsilon, "rule": rule, "chosen_epsilon": used, "relative_error": error}
        for epsilon, rule, used, errors in (
            (1e-4, "fixed", 1e-4, (0.5, 0.6, 0.7)), (1e-3, "fixed", 1e-3, (0.1, 0.2, 9.0)),
            (1e-2, "fixed", 1e-2, (0.3, 0.4, 0.5)), (np.nan, "dtype", 3e-4, (0.3, 0.3, 0.8)),
        )
        for error in errors
    ]  # fmt: skip
    found = steps.best(pd.DataFrame(errors))
    (row,) = found["rows"]
    assert (row["epsilon"], row["error"]) == (1e-3, 0.2)
    assert row["rules"]["dtype"] == pytest.approx({"epsilon": 3e-4, "error": 0.3, "ratio": 1.5})
    told = " ".join(steps.advice(found))
    assert "forward difference erred least at 0.001 in float32" in told
    assert "The rule dtype, which is not told the gradient, had 1.5 times the error" in told


def test_the_deviation_of_a_game_is_the_largest_over_steps_of_the_median_over_seeds() -> None:
    rows = [
        {"game": "g", "mode": "spsa", "epsilon": 1.0, "own_settings": "{}", "seed": seed,
         "step": step, "generator": 3.0 + off, "discriminator": 4.0, "expected_generator": 3.0,
         "expected_discriminator": 4.0}
        for step, offs in ((0, (0.0, 0.0, 0.0)), (1, (0.0, 1.0, 7.0)), (2, (0.0, 0.5, 0.5)))
        for seed, off in enumerate(offs)
    ]  # fmt: skip
    (row,) = steps.dirac(pd.DataFrame(rows))["rows"]
    assert row["off"] == pytest.approx([0.2])
    assert row["seeds"] == 3


def tidied(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {n: frames.tidy(frame) if "mode" in frame else frame for n, frame in tables.items()}


def test_the_page_holds_less_per_cell_the_more_cells_there_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(explore, "ALL_POINTS", 200)
    data = explore.data(tidied(synthetic.make()), tmp_path, {}, "main")
    assert sum(len(cell["samples"]["x"]) for cell in data["cells"]) <= 200
    assert (data["primary"], data["better"]) == ("energy_distance", "lower")
    whole = [*data["cells"][0]["samples"]["x"], *data["sets"]["ring"]["x"]]
    assert all(isinstance(x, int) and 0 <= x <= points.SIDE for x in whole)


def test_a_cell_has_its_scores_over_what_they_cost(tmp_path: Path) -> None:
    tables = tidied(synthetic.make())
    data = explore.data(tables, tmp_path, {}, "main")
    for place, cell in enumerate(data["cells"]):
        row = tables["outcomes"].iloc[0].to_dict() | {k: cell[k] for k in ("study", "dataset")}
        assert len(cell["spent"]) == len(cell["steps"])
        assert cell["spent"] == sorted(cell["spent"])
        assert cell["runs"] == []
        own = tables["quality"].merge(explore.known(tables["outcomes"]).iloc[[place]])
        for name, (middle, low, high) in cell["scores"].items():
            last = own[(own["metric"] == name) & (own["step"] == cell["steps"][-1])]
            values = np.sort(last["value"].fillna(np.inf))
            assert middle[-1] is None or values[0] - 1e-3 <= middle[-1] <= values[-1] * 1.001
            if None not in (low[-1], middle[-1], high[-1]):
                assert low[-1] <= middle[-1] <= high[-1]
        assert row["study"] == cell["study"]


def test_where_a_rule_landed_leads_to_its_cells() -> None:
    same = {"study": "s", "dataset": "d", "model": "m", "loss": "l", "mode": "spsa"}
    runs = pd.DataFrame(
        [{**same, "epsilon": epsilon, "rule": rule, "settings": "", "tuned": tuned}
         for epsilon, rule, tuned in (
             (0.1, "fixed", ""), (0.2, "fixed", '{"epsilon": 0.2}'), (np.nan, "adaptive", ""),
             (0.3, "fixed", '{"learning_rate": 0.3}'))]
    )  # fmt: skip
    places = explore.places(runs)
    table = pd.DataFrame([{**same, "rule": rule} for rule in ("tuned", "adaptive")])
    found = [row["cells"] for row in landed(table, runs, places)]
    assert found == [[places[key(runs.iloc[1])]], [places[key(runs.iloc[2])]]]


def test_points_that_are_none_are_no_frame() -> None:
    data = pd.DataFrame({"dataset": ["a", "a", "b"], "source": "true", "index": [0, 1, 0],
                         "x": [0.0, 2.0, np.nan], "y": [1.0, 1.0, 0.0]})  # fmt: skip
    found = points.frames(data)
    assert list(found) == ["a"]
    assert found["a"]["size"] == pytest.approx(2 * (1 + 2 * points.MARGIN))
    made = pd.DataFrame({"seed": 0, "step": 5, "x": [1.0, 99.0, np.inf], "y": 1.0})
    placed = points.samples(made, found["a"], 9)
    assert (placed["x"], placed["outside"], placed["at"]) == ([points.SIDE // 2], 2, 5)


def test_a_run_brings_its_spec_and_the_name_of_its_folder(tmp_path: Path) -> None:
    config = load.config([ROOT / "config.yaml"])
    grid = cells.cells(config)
    name, cell = next(item for item in grid.items() if not item[1].tuned)
    files.write_json(Results(tmp_path).run(name, "spec.json"), cells.spec(config, cell))
    ((found, spec),) = explore.runs(tmp_path)[key(names.row_keys(cell))]
    assert found == name
    assert spec["seeds"] == list(cell.seeds)


def test_packed_data_can_stand_in_any_element_and_are_the_same_each_time() -> None:
    value = {"a": "</script><!-- & \u2028", "b": [1, None]}
    made = explore.embedded(value)
    assert made == explore.embedded(value)
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", made)
    assert json.loads(gzip.decompress(base64.b64decode(made))) == value


def test_a_small_picture_is_the_same_picture() -> None:
    drawn = """<svg><!-- c --><metadata><a>0.001</a></metadata>
    <path d="M 1.23456 2.00000 L -0.001 3" transform="scale(0.015625)"/>
    <use x="10.98765" transform="translate(7.12345 8)"/></svg>"""
    assert svg.small(drawn) == (
        "<svg> <path d='M 1.23 2 L -0 3' transform='scale(0.015625)'/> "
        "<use x='10.99' transform='translate(7.12 8)'/></svg>"
    )


def test_a_figure_by_pixels_keeps_its_colours_and_brings_its_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, drawn = Results(tmp_path), Figure(figsize=(4, 4))
    rng = np.random.default_rng(0)
    ax = drawn.add_subplot()
    ax.imshow(rng.random((60, 60)), cmap="viridis")
    colours = ["#0072b2", "#d55e00", "#1a1a1a", "#cc79a7"]
    for place, colour in enumerate(colours):
        ax.axhline(10.0 * place, color=colour, linewidth=4)
    drawing.save(drawn, at.figures / "f", 100, "title", "caption")
    whole = svg.figure(at, "f")
    assert whole["source"].startswith("data:image/svg+xml,")
    monkeypatch.setattr(svg, "VECTOR_LIMIT", 100)
    found = svg.figure(at, "f")
    kind, _, data = found["source"].partition(",")
    assert kind == "data:image/png;base64"
    seen = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"), int)
    for colour in colours:
        wanted = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)])
        assert (np.abs(seen - wanted).max(axis=2) <= 8).sum() > 100
    vector = gzip.decompress(base64.b64decode(found["vector"])).decode()
    assert quote(vector, safe=svg.SAFE) == whole["source"].removeprefix("data:image/svg+xml,")


def test_the_picture_shows_the_group_with_most_judged_modes() -> None:
    tables, judged = tidied(synthetic.make(synthetic.WIDE)), ["forward_difference", "uniform_shift"]
    rules = {"baseline": "exact", "chaos_control": "perturbed_start"}
    made = picture.made(tables, judged, rules)
    assert (made["study"], made["tuned"]) == ("main", False)
    assert [tile["label"] for tile in made["tiles"]] == [
        "The data", "The exact slope", "Nudging each weight", "Nudging all weights at once",
    ]  # fmt: skip
    told = " ".join(line["told"] for line in made["curves"]["lines"])
    assert "perturbed" not in told
    assert "noisy" not in told
    at = sorted(line["at"] for line in made["curves"]["lines"])
    assert all(b - a > picture.LINE - 0.2 for a, b in itertools.pairwise(at))
    for axis in ("up", "across"):
        labels = [text for _, text in made["curves"][axis]]
        assert len(labels) == len({*labels}) >= 2
    assert picture.made(tidied(synthetic.empty()), judged, rules) == {}
    best = picture.made(tables, ["forward_gradient"], rules)
    assert (best["study"], best["tuned"]) == ("best", True)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("nan"), "–"), (None, "–"), (float("inf"), "∞"), (0.0, "0"), (12000, "12\u202f000"),
        (0.00012345, "1.23·10⁻⁴"), (1e-7, "10⁻⁷"), (-0.5, "−0.5"), (3.14159, "3.14"),
        (123456.7, "1.23·10⁵"),
    ],
)  # fmt: skip
def test_numbers(value: float | None, said: str) -> None:
    assert text.number(value) == said


def test_names() -> None:
    assert text.words("exact+forward_difference") == "G exact, D forward difference"
    assert text.initial("g exact, D spsa") == "G exact, D spsa"
    assert text.listed(["a", "b", "c"]) == "a, b and c"
    assert text.spans([0, 1, 2, 5]) == "0–2, 5"
    assert text.between([3, 1, float("nan")]) == "1 to 3"
    assert text.markdown("a|b <i>_") == "a\\|b &lt;i>\\_"


def test_every_claim_has_figures_and_figures_name_no_other_claims() -> None:
    stated = {
        name: registry.describe("figures", name).constants for name in registry.names("figures")
    }
    found = verdicts.links(
        {name: {"claims": own.get("claims", ())} for name, own in stated.items()}
    )
    assert set(found) == set(summary.STATEMENTS)
