"""The config: what is refused, in which words, and what the default expands to."""

from __future__ import annotations

import copy
import math

import pytest
import yaml
from worlds import ROOT

from approxgan.config import check as configuration
from approxgan.config import registry, values
from approxgan.core.errors import InputError
from approxgan.core.protocols import PLAYERS
from approxgan.design import cells as grid
from approxgan.models._activation import NAMES

DEFAULT = yaml.safe_load((ROOT / "config.yaml").read_text())
STUDIES = sorted((ROOT / "studies").glob("*.yaml"))
FORWARD = next(
    n for n, e in enumerate(DEFAULT["studies"][0]["modes"]) if e["mode"] == "forward_difference"
)
EXACT = next(n for n, e in enumerate(DEFAULT["studies"][0]["modes"]) if e["mode"] == "exact")
MODES = ("studies", 0, "modes")
REMOVED = "<removed>"
LIKE = {"mode": "forward_difference", "epsilon": 1e-3}
BOTH = {"generator": {"mode": "exact"}, "discriminator": {"mode": "exact"}}


def changed(path, value):
    config = copy.deepcopy(DEFAULT)
    place = config
    for key in path[:-1]:
        place = place[key]
    if value is REMOVED:
        del place[path[-1]]
    elif path[-1] == "+":
        place.append(value)
    else:
        place[path[-1]] = value
    return config


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
    ((*MODES, FORWARD, "epsilon"), [1e-3, 1e-3], "non-unique"),
    ((*MODES, FORWARD, "epsilon"), math.nan, "epsilon"),
    ((*MODES, FORWARD, "epsilon"), [], "epsilon"),
    ((*MODES, FORWARD, "epsilon"), REMOVED, "needs epsilon"),
    ((*MODES, FORWARD, "directions"), 3, "directions"),
    ((*MODES, FORWARD, "mode"), "backprop", "backprop"),
    ((*MODES, FORWARD, "mode"), REMOVED, "mode"),
    ((*MODES, EXACT, "epsilon"), 1e-3, "takes no epsilon"),
    ((*MODES, "+"), {"mode": "exact"}, "twice"),
    ((*MODES, FORWARD, "epsilon"), "best", "epsilon_rules"),
    ((*MODES, FORWARD, "epsilon"), [1e-3, "1e-4"], "1.0e-5"),
    ((*MODES, FORWARD, "match"), {"mode": "exact"}, "cannot be matched"),
    ((*MODES, "+"), {"mode": "noisy_exact"}, "relative_error"),
    ((*MODES, "+"), {"mode": "noisy_exact", "relative_error": 1, "match": LIKE}, "leave one out"),
    ((*MODES, "+"), {"mode": "noisy_exact", "match": {"mode": "spsa"}}, "directions"),
    ((*MODES, "+"), {"mode": "noisy_exact", "match": {**LIKE, "epsilon": 3e-3}}, "not measure"),
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
]


@pytest.mark.parametrize(("path", "value", "named"), REFUSED, ids=lambda v: str(v)[:40])
def test_a_broken_rule_is_one_line_that_names_it(path, value, named):
    with pytest.raises(InputError) as caught:
        configuration.check(changed(path, value))
    text = str(caught.value)
    assert text.startswith("config: ")
    assert named in text
    assert "\n" not in text


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
    (("datasets", "article", "points"), 700, "1000"),
    (("models", "compact", "slope"), 2.0, "slope"),
    (("studies", 0, "modes"), [{"mode": "spsa", "epsilon": 0.1, "directions": 0}], "directions"),
    (("quality", "metrics", "sliced_wasserstein", "projections"), 0, "projections"),
    (("claims", "metric"), "mmd2", "every_snapshot"),
    (("losses", "wasserstein", "clip"), -1, "clip"),
    (("epsilon_rules", "adaptive", "low"), 9.0, "low"),
    # What makes no sense together: the variant says why.
    (("studies", 3, "losses"), ["nonsaturating_r1"], "penalty"),
    (("studies", 0, "modes"), [{**ORTHONORMAL, "directions": 5000}], "1 to 1666"),
    (("studies", 0, "modes"), [{"mode": "subgradient", "alpha": 0.1}], "alpha"),
    (("studies", 0, "modes"), [{**RANDOM, "coordinates": 10**6}], "coordinates"),
    (("studies", 0, "modes"), [{**SAMPLING, "epsilon": "dtype"}], "radius"),
    (("models", "compact"), SMOOTH, "kink"),
    (("dirac", "modes"), [{"mode": "subgradient", "alpha": 0.5}], "kink"),
]


@pytest.mark.parametrize(("path", "value", "named"), VALUES, ids=lambda v: str(v)[:40])
def test_settings_values_are_checked_before_any_job(path, value, named):
    config = changed(path, value)
    configuration.check(config)
    with pytest.raises(InputError, match=named):
        values.check(config)


@pytest.mark.parametrize(
    "text", ["a: [", "\x00", "- 1\n- 2", "'just text'", "!!python/object:os.x {}"]
)
def test_a_file_that_is_not_a_config_is_one_line(tmp_path, text):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        configuration.read([path])
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.yaml"):
        configuration.read([tmp_path / "none.yaml"])


def test_the_default_and_every_study_are_accepted_in_full():
    for overlay in ([], *([path] for path in STUDIES)):
        values.check(configuration.read([ROOT / "config.yaml", *overlay]))


def test_overlays_merge_maps_and_replace_lists():
    merged = configuration.merged({"a": {"b": 1, "c": [1, 2]}}, {"a": {"c": [3]}})
    assert merged == {"a": {"b": 1, "c": [3]}}


def test_the_smoke_study_runs_every_mode_loss_metric_and_figure():
    smoke = configuration.read([ROOT / "config.yaml", ROOT / "studies" / "smoke.yaml"])
    cells = grid.cells(smoke).values()
    for player in ("generator", "discriminator"):
        found = {getattr(cell, player).mode for cell in cells}
        assert found == set(registry.names("modes"))
    chosen = {getattr(cell, player).epsilon for cell in cells for player in PLAYERS}
    assert set(registry.names("rules")) <= chosen
    kinds = {grid.loss_definition(smoke, cell.loss)["kind"] for cell in cells}
    assert kinds == set(registry.names("losses"))
    activations = {smoke["models"][cell.model]["activation"] for cell in cells}
    assert activations == set(NAMES)
    assert {e["mode"] for e in smoke["dirac"]["modes"]} | {"subgradient"} == found
    assert {e["mode"] for p in smoke["probes"] for e in p["modes"]} == set(registry.names("modes"))
    assert set(smoke["quality"]["metrics"]) == set(registry.names("metrics"))
    assert set(smoke["figures"]["names"]) == set(registry.names("figures"))
    kinds = {smoke["datasets"][cell.dataset]["kind"] for cell in cells}
    assert kinds == set(registry.names("datasets"))
