"""The config: what is refused, in which words, and what the default expands to."""

from __future__ import annotations

import datetime
import math

import numpy as np
import pytest
from worlds import ROOT
from worlds.configs import DEFAULT, REMOVED, changed
from worlds.estimates import SAMPLED

from approxgan.config import load, registry
from approxgan.core.chain import NAMES
from approxgan.core.errors import InputError
from approxgan.core.protocols import PLAYERS
from approxgan.design import cells as grid
from approxgan.design import check
from approxgan.losses.hinge import Hinge

STUDIES = sorted((ROOT / "studies").glob("*.yaml"))
FORWARD = next(
    n for n, e in enumerate(DEFAULT["studies"][0]["modes"]) if e["mode"] == "forward_difference"
)
EXACT = next(n for n, e in enumerate(DEFAULT["studies"][0]["modes"]) if e["mode"] == "exact")
MODES = ("studies", 0, "modes")
LIKE = {"mode": "forward_difference", "epsilon": 1e-3}
STALE = {"mode": "stale_coordinates", "epsilon": 1e-3, "coordinates": 2}
BOTH = {"generator": {"mode": "exact"}, "discriminator": {"mode": "exact"}}


def shown(value):
    return "long" if isinstance(value, int) and value > 2**64 else str(value)[:40]


REFUSED = [
    (("extra",), 1, "extra"),
    (("training", "stepz"), 5, "stepz"),
    (("training", "steps"), 0, "training.steps"),
    (("training", "steps"), "100", "training.steps"),
    (("training", "steps"), True, "training.steps"),
    (("training", "batch"), REMOVED, "batch"),
    (("training", "beta1"), 1.0, "training.beta1"),
    (("training", "learning_rate"), math.nan, "training.learning_rate"),
    (("training", "divergence_threshold"), math.inf, "training.divergence_threshold"),
    (("training", "dtype"), "float16", "float16"),
    (("training", "device"), "tpu", "tpu"),
    (("seeds", "count"), 0, "seeds.count"),
    (("seeds", "first"), -1, "seeds.first"),
    (("datasets", "ring", "kind"), "torus", "torus"),
    (("datasets", "ring", "radius"), REMOVED, "radius"),
    (("datasets", "ring", "colour"), "red", "colour"),
    (("datasets", "../up"), {"kind": "ring", "points": 10}, "../up"),
    (("models", "compact", "latent"), REMOVED, "latent"),
    (("models", "compact", "depth"), 3, "depth"),
    (("studies",), [], "studies"),
    (("studies", 0, "name"), "<b>", "<b>"),
    (("studies", 0, "datasets", "+"), "nowhere", "nowhere"),
    (("studies", 0, "models", "+"), "huge", "huge"),
    (("studies", 0, "losses", "+"), "focal", "focal"),
    (("studies", 0, "training"), {"step": 1}, "'step'"),
    ((*MODES, FORWARD, "epsilon"), 0, "modes[2].epsilon"),
    ((*MODES, FORWARD, "epsilon"), -1e-3, "-0.001"),
    ((*MODES, FORWARD, "epsilon"), "1e-5", "1.0e-5"),
    ((*MODES, FORWARD, "epsilon"), ["1e-5"], "1.0e-5"),
    ((*MODES, FORWARD, "epsilon"), [1e-3, 1e-3], "duplicate 0.001"),
    ((*MODES, FORWARD, "epsilon"), math.nan, "epsilon"),
    ((*MODES, FORWARD, "epsilon"), [], "epsilon"),
    ((*MODES, FORWARD, "epsilon"), REMOVED, "needs epsilon"),
    ((*MODES, FORWARD, "directions"), 3, "directions"),
    ((*MODES, FORWARD, "mode"), "backprop", "backprop"),
    ((*MODES, FORWARD, "mode"), REMOVED, "mode"),
    ((*MODES, EXACT, "epsilon"), 1e-3, "takes no epsilon"),
    ((*MODES, "+"), {"mode": "exact"}, "duplicate cell"),
    ((*MODES, FORWARD, "epsilon"), "best", "epsilon_rules"),
    ((*MODES, FORWARD, "epsilon"), [1e-3, "1e-4"], "1.0e-4"),
    ((*MODES, FORWARD, "match"), {"mode": "exact"}, "cannot be matched"),
    ((*MODES, "+"), {"mode": "noisy_exact"}, "relative_error"),
    ((*MODES, "+"), {"mode": "noisy_exact", "relative_error": 1, "match": LIKE}, "leave one out"),
    ((*MODES, "+"), {"mode": "noisy_exact", "match": {"mode": "spsa"}}, "directions"),
    ((*MODES, "+"), {"generator": {"mode": "exact"}}, "discriminator"),
    ((*MODES, "+"), {"generator": {"mode": "exact"}, "discriminator": {"mode": "x"}}, "'x'"),
    ((*MODES, "+"), {**BOTH, "mode": "exact"}, "mode"),
    ((*MODES, EXACT, "seeds"), {"count": 0}, "seeds.count"),
    (("probes", 0, "modes", 0, "seeds"), {"count": 3}, "seeds"),
    (("losses", "wasserstein", "clip"), REMOVED, "clip"),
    (("losses", "nonsaturating_r1", "r1"), -1.0, "r1"),
    (("studies", 0, "losses"), ["wasserstein_2"], "wasserstein_2"),
    (("epsilon_rules", "golden"), {}, "golden"),
    (("epsilon_rules", "adaptive", "tries"), REMOVED, "tries"),
    (("dirac", "games"), [], "dirac.games"),
    (("dirac", "games", 0, "objective"), "chess", "chess"),
    (("dirac", "modes", 0, "mode"), "backprop", "backprop"),
    (("quality", "every_snapshot"), ["beauty"], "beauty"),
    (("training", "batch"), 1001, "1000 points"),
    (("probes", 0, "dtypes"), ["float8"], "float8"),
    (("probes", 0, "draws"), 1, "draws"),
    (("probes", 0, "losses"), ["focal"], "focal"),
    (("quality", "metrics", "beauty"), {}, "beauty"),
    (("quality", "metrics", "energy_distance", "power"), 2, "power"),
    (("claims", "alpha"), 0, "claims.alpha"),
    (("claims", "cap_sds"), REMOVED, "cap_sds"),
    (("claims", "beta"), 0.1, "beta"),
    (("claims", "modes", "+"), "backprop", "backprop"),
    (("figures", "names", "+"), "pie", "pie"),
    (("figures", "dpi"), 1, "figures.dpi"),
    (("studies", 0, "training"), {"steps": 2, "snapshots": 3}, "training.snapshots=3"),
    (("training", "learning_rate"), "1.0e4", "write 1.0e+4, not 1.0e4"),
    (("datasets", "ring", "radius"), "-2.e4", "write -2.0e+4, not -2.e4"),
    (("models", "compact", "latent"), True, "models.compact.latent: True"),
    (("datasets", "ring", "sigma"), datetime.date(2026, 1, 1), "ring.sigma: datetime.date"),
    (("datasets", "ring", "sigma"), b"1", "a bytes"),
    (("models", "compact", "latent"), 10**400, "models.compact.latent"),
    (("models", "compact", "latent"), 10**5000, "thousands of digits"),
    (("training", 5), 1, "5 is not a text"),
    (("datasets", "ring\n"), {"kind": "ring", "points": 9}, "ring"),
    (("studies", 0, "name"), "main\n", "studies[0].name"),
    ((*MODES, FORWARD, "epsilon"), 1e-46, "0 in float32"),
    ((*MODES, FORWARD, "epsilon"), 5e-324, "0 in float32"),
    ((*MODES, FORWARD, "epsilon"), [1, 1.0], "duplicate 1"),
    ((*MODES, "+"), {"mode": "subgradient", "alpha": [0, -0.0]}, "duplicate 0"),
    ((*MODES, "+"), {"mode": "subgradient", "alpha": 0.1 + 0.5}, "duplicate cell"),
    ((*MODES, "+"), {"mode": "exact", "seeds": {"first": 15, "count": 10, "block": 7}}, "seed 15"),
    (("studies", 1, "name"), "main", "training.steps=2000"),
    (("dirac", "modes", "+"), {"mode": "exact"}, "duplicate exact"),
    (("dirac", "modes", "+"), {"mode": "uniform_shift", "epsilon": 1.0}, "duplicate uniform_shift"),
    (("probes", 0, "modes", "+"), {"mode": "exact"}, "duplicate exact"),
    (("probes", 0, "seeds"), [2**64], "probes[0].seeds"),
    (("seeds", "first"), 2**63, "seeds.first"),
    (("quality", "seed"), 2**63, "quality.seed"),
    (("training", "divergence_threshold"), 10**400, "divergence_threshold"),
    ((*MODES, FORWARD, "epsilon"), {"a": 1}, "epsilon"),
    (
        ("datasets", "mine"),
        {"kind": "file", "points": 9, "path": ["a.csv"], "held_out": 0.5},
        "path is",
    ),
    (
        ("datasets", "mine"),
        {"kind": "file", "points": 9, "path": "none.csv", "held_out": 0.5},
        "none.csv",
    ),
    (
        ("datasets", "mine"),
        {"kind": "file", "points": 9, "path": "a {b}.csv", "held_out": 0.5},
        "a {b}.csv",
    ),
    (
        ("datasets", "mine"),
        {"kind": "file", "points": 9, "path": "a" * 5000, "held_out": 0.5},
        "path is",
    ),
    (
        ("datasets", "mine"),
        {"kind": "file", "points": 9, "path": "/dev/zero", "held_out": 0.5},
        "/dev/zero",
    ),
    (("studies", 0, "modes"), [{"mode": "x" * 60}], "accepted"),
]


@pytest.mark.parametrize(("path", "value", "named"), REFUSED, ids=shown)
def test_a_broken_rule_is_one_line_that_names_it(path, value, named):
    with pytest.raises(InputError) as caught:
        check.checked(changed(path, value))
    text = str(caught.value)
    assert text.startswith("config: ")
    assert named in text
    assert "\n" not in text


SPSA = {"mode": "spsa", "directions": 1}
SEEDS = {"first": 1000, "count": 2}
IN_WORDS = [
    (
        ("training", "steps"),
        "abc",
        "training.steps is 'abc'; accepted: a whole number, 1 to 100000000",
    ),
    (("training", "beta1"), 1, "training.beta1 is 1; accepted: a number 0 or more and below 1"),
    (("training", "stepz"), 5, "training: unknown key 'stepz'; did you mean 'steps'? accepted: "),
    (("training", "batch"), REMOVED, "training: 'batch' is missing; needed: steps, batch, "),
    (("training", "dtype"), None, "training.dtype is None; accepted: float32, float64, bfloat16"),
    (("models",), [], "models is []; accepted: a map of names of 1 or more"),
    (("studies",), {}, "studies is {}; accepted: a list of 1 or more"),
    (("studies", 0, "datasets"), ["ring"] * 2, "studies[0].datasets: duplicate 'ring'; each is "),
    (
        ("studies", 0, "name"),
        "A b",
        "studies[0].name is 'A b'; accepted: lowercase letters, digits",
    ),
    (("datasets", "a/b"), {}, "datasets: 'a/b' is no name; accepted: lowercase letters, digits"),
    (
        ("limits", "disk_gb"),
        "all",
        "limits.disk_gb is 'all'; accepted: machine, or a number above 0",
    ),
    (("studies", 0, "budget"), {"calls": 1, "forward_equivalents": 1}, "accepted: one of forward_"),
    (
        ("studies", 0, "budget"),
        {"seconds": 9, "calls": 9},
        "one of forward_equivalents, calls",
    ),
    *(
        (
            ("studies", 0, "budget"),
            {"seconds": wrong},
            f"{told}; accepted: a number above 0 and up to",
        )
        for wrong, told in ((-3, "is -3"), (0, "is 0"), ("30 s", "is '30 s'"))
    ),
    ((*MODES, FORWARD, "epsilon"), None, "is None; accepted: a number above 0 and up to 1000, or "),
]


@pytest.mark.parametrize(("path", "value", "said"), IN_WORDS, ids=shown)
def test_a_broken_rule_is_said_in_words_with_what_is_accepted(path, value, said):
    with pytest.raises(InputError) as caught:
        check.checked(changed(path, value))
    assert said in str(caught.value)


MISTYPED = [
    (("datasets", "ring", "cuont"), 8, "count"),
    (("epsilon_rules", "adaptve"), {}, "adaptive"),
    (("models", "mine"), {"kind": "dens"}, "dense"),
    (("models", "compact", "activation"), "leaky_rlu", "leaky_relu"),
    (("training", "dtype"), "float23", "float32"),
    (("studies", 0, "datasets"), ["rign"], "ring"),
    (("studies", 0, "models"), ["compct"], "compact"),
    (("studies", 0, "losses"), ["nonsaturatin"], "nonsaturating"),
    (("studies", 0, "tune"), {"learnin_rate": [1, 2], "seeds": SEEDS}, "learning_rate"),
    (("studies", 0, "modes"), [{"mode": "exakt"}], "exact"),
    (("studies", 0, "modes"), [{"mode": "exact", "training": {"btch": 2}}], "batch"),
    (("studies", 0, "modes"), [{**SPSA, "epsilom": 0.1}], "epsilon"),
    (("studies", 0, "modes"), [{**SPSA, "epsilon": "adaptve"}], "adaptive"),
    (("studies", 0, "modes"), [{**SPSA, "epsilon": 1, "direction": 2}], "directions"),
    (("studies", 0, "modes"), [{**SPSA, "epsilon": 1, "noise": "fres"}], "fresh"),
    (("dirac", "games"), [{"objective": "minmax", "updates": "alternating"}], "minimax"),
    (("quality", "every_snapshot"), ["energy_distanc"], "energy_distance"),
    (("quality", "metrics", "neighbours", "kk"), 5, "k"),
    (("claims", "metric"), "energy_distanc", "energy_distance"),
    (("claims", "no_gradient", "references"), ["exakt"], "exact"),
    (("figures", "names"), ["dat"], "data"),
]


@pytest.mark.parametrize(("path", "value", "meant"), MISTYPED, ids=shown)
def test_a_mistyped_name_is_told_with_the_nearest(path, value, meant):
    with pytest.raises(InputError, match=f"did you mean '{meant}'[?] accepted: ") as caught:
        check.fully_checked(changed(path, value))
    assert "\n" not in str(caught.value)


ORTHONORMAL = {
    "mode": "random_direction",
    "epsilon": 0.1,
    "distribution": "orthonormal",
    "sides": 1,
}
RANDOM = {"mode": "random_coordinates", "epsilon": 0.1}
SAMPLING = {"mode": "gradient_sampling", "points": 2, "element": "mean"}
SMOOTH = {
    "kind": "dense",
    "latent": 2,
    "generator": [4],
    "discriminator": [4],
    "activation": "tanh",
}
VALUES = [
    (("datasets", "ring", "sigma"), -1.0, "sigma"),
    (("datasets", "article", "points"), 1700, "1000"),
    (("models", "compact", "slope"), 2.0, "slope"),
    (("studies", 0, "modes"), [{"mode": "spsa", "epsilon": 0.1, "directions": 0}], "directions"),
    (("quality", "metrics", "sliced_wasserstein", "projections"), 0, "projections"),
    (("claims", "metric"), "mmd2", "every_snapshot"),
    (("losses", "wasserstein", "clip"), -1, "clip"),
    (("quality", "metrics", "sliced_wasserstein", "projections"), 10**12, "1 to 10000"),
    (("datasets", "ring", "count"), 10**9, "1 to 10000"),
    (("datasets", "grid", "side"), 100_000, "1 to 100"),
    (("datasets", "digits", "points"), 1797, "the training part has 1258 rows"),
    (("epsilon_rules", "adaptive", "low"), 9.0, "low"),
    # What makes no sense together: the variant says why.
    (("training", "samples"), 40, "classifier_test: 40 training points"),
    (("quality", "metrics", "neighbours", "k"), 2500, "neighbours: 2500 samples"),
    (("quality", "metrics", "neighbours", "k"), 450, "500 draws of 539 different points"),
    (("datasets", "ring", "radius"), 1e5, "float32 moves column 1"),
    (("studies", 4, "losses"), ["nonsaturating_r1"], "penalty"),
    (("studies", 0, "modes"), [{**ORTHONORMAL, "directions": 5000}], "1 to 1666"),
    (("studies", 0, "modes"), [{"mode": "subgradient", "alpha": 0.1}], "alpha"),
    (("studies", 0, "modes"), [{**RANDOM, "coordinates": 10**6}], "coordinates"),
    (("studies", 0, "modes"), [{"mode": "noisy_exact", "match": STALE}], "its estimate before"),
    (("studies", 0, "modes"), [{**SAMPLING, "epsilon": "dtype"}], "radius"),
    (("models", "compact"), SMOOTH, "kink"),
    (("dirac", "modes"), [{"mode": "subgradient", "alpha": 0.5}], "kink"),
]


@pytest.mark.parametrize(("path", "value", "named"), VALUES, ids=lambda v: str(v)[:40])
def test_settings_values_are_checked_before_any_job(path, value, named):
    config = changed(path, value)
    check.checked(config)
    with pytest.raises(InputError, match=named):
        check.fully_checked(config)


OFFSET = np.random.default_rng(0).permutation(np.arange(200.0).reshape(100, 2))


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        (np.add(OFFSET, [1.7e9, 0]), "float32 moves column 1 by about 4e"),
        (np.add(OFFSET, [0, 1e8]), "float32 moves column 2"),
        (np.add(OFFSET, [1e4, -1e4]), None),
        # One far row, whole columns of one value, and columns of few values are no offset.
        (np.concatenate([OFFSET, [[1e12, 0]]]), None),
        (OFFSET * [1, 0] + [0, 1e9 + 1], None),
        ((OFFSET > 5) * 0.1, None),
        (OFFSET[:5].repeat(20, axis=0), "different points may hold no more than k"),
    ],
)
def test_data_that_float32_cannot_resolve_is_refused(tmp_path, rows, named):
    path = tmp_path / "rows.npy"
    np.save(path, rows)
    definition = {"kind": "file", "path": str(path), "held_out": 0.5, "points": 40}
    config = changed(("datasets", "ring"), definition)
    config["training"]["batch"] = 40
    if "no more" in str(named):
        config["quality"]["metrics"]["neighbours"]["k"] = 5
    if named is None:
        config["quality"]["metrics"].pop("neighbours")
        check.fully_checked(config)
    else:
        with pytest.raises(InputError, match=named):
            check.fully_checked(config)


def test_what_float32_cannot_resolve_float64_can():
    config = changed(("datasets", "ring", "radius"), 1e5)
    config["training"]["dtype"] = "float64"
    config["probes"] = [p for p in config["probes"] if "ring" not in p["datasets"]]
    for study in config["studies"]:
        for entry in [e for e in study["modes"] if "match" in e]:
            study["modes"].remove(entry)
    check.fully_checked(config)


@pytest.mark.parametrize(
    "text", ["a: [", "\x00", "- 1\n- 2", "'just text'", "!!python/object:os.x {}"]
)
def test_a_file_that_is_not_a_config_is_one_line(tmp_path, text):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load.config([path])
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.yaml"):
        load.config([tmp_path / "none.yaml"])


def test_the_default_and_every_study_are_accepted_in_full():
    for overlay in ([], *([path] for path in STUDIES)):
        check.fully_checked(load.config([ROOT / "config.yaml", *overlay]))


@pytest.mark.parametrize("terms", [lambda self: 0, (), ("real",)], ids=["method", "none", "word"])
def test_a_loss_that_is_not_made_of_terms_is_refused_where_a_study_names_it(monkeypatch, terms):
    monkeypatch.setattr(Hinge, "generator", terms)
    with pytest.raises(InputError, match=r"hinge\.py: generator is .*; accepted: one or more of T"):
        check.fully_checked(changed(("studies", 0, "losses"), ["hinge"]))


@pytest.mark.parametrize(
    ("directions", "said"),
    [
        ({"mmd2": "lower"}, "gives 'mmd2', as "),
        ({"mine": "smaller"}, "mine is 'smaller'; accepted: "),
    ],
)
def test_numbers_of_metrics_have_names_and_directions_of_their_own(monkeypatch, directions, said):
    """Those of every snapshot are scored apart from the others: two would be in one table."""
    monkeypatch.setattr(registry.load("metrics", "energy_distance"), "directions", directions)
    with pytest.raises(InputError, match=said):
        check.fully_checked(DEFAULT)


def test_overlays_merge_maps_and_replace_lists():
    merged = load.merged({"a": {"b": 1, "c": [1, 2]}}, {"a": {"c": [3]}})
    assert merged == {"a": {"b": 1, "c": [3]}}


def test_the_smoke_study_runs_every_mode_loss_metric_and_figure():
    smoke = load.config([ROOT / "config.yaml", ROOT / "studies" / "smoke.yaml"])
    cells = grid.cells(smoke).values()
    modes = {player: {getattr(cell, player).mode for cell in cells} for player in PLAYERS}
    assert modes["generator"] == set(registry.names("modes"))
    found = modes["discriminator"]
    assert found == modes["generator"] - set(SAMPLED)
    chosen = {getattr(cell, player).step.stated for cell in cells for player in PLAYERS}
    assert set(registry.names("rules")) <= chosen
    kinds = {grid.loss_definition(smoke, cell.loss)["kind"] for cell in cells}
    assert kinds == set(registry.names("losses"))
    activations = {smoke["models"][cell.model]["activation"] for cell in cells}
    assert activations == set(NAMES)
    assert {e["mode"] for e in smoke["dirac"]["modes"]} | {"subgradient"} == found
    assert {e["mode"] for p in smoke["probes"] for e in p["modes"]} == found | {"avo"}
    assert set(smoke["quality"]["metrics"]) == set(registry.names("metrics"))
    assert set(smoke["figures"]["names"]) == set(registry.names("figures"))
    kinds = {smoke["datasets"][cell.dataset]["kind"] for cell in cells}
    assert kinds == set(registry.names("datasets"))


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ({"kind": "nope"}, "'nope' is not one of the generators"),
        ({"kind": "counts"}, "counts: setting 'rates' is missing"),
        ("counts", "generator: kind is 'counts'"),
    ],
)
def test_a_generator_made_of_another_is_checked_to_the_bottom(of, said):
    generator = {"kind": "proposal", "of": of, "scale": 0.4, "scales": "fixed"}
    model = {k: v for k, v in DEFAULT["models"]["compact"].items() if k != "latent"}
    config = {**DEFAULT, "models": {**DEFAULT["models"], "odd": {**model, "generator": generator}}}
    with pytest.raises(InputError, match=said):
        check.checked(config)
