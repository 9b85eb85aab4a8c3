"""The config: what is refused, in which words, and what the default expands to."""

from __future__ import annotations

import copy
import math
from pathlib import Path

import pytest
import yaml

from approxgan import config as configuration
from approxgan import grid, registry, values
from approxgan.core import InputError

ROOT = Path(__file__).parents[1]
DEFAULT = yaml.safe_load((ROOT / "config.yaml").read_text())
STUDIES = sorted((ROOT / "studies").glob("*.yaml"))
FORWARD = next(
    n for n, e in enumerate(DEFAULT["studies"][0]["modes"]) if e["mode"] == "forward_difference"
)
EXACT = next(n for n, e in enumerate(DEFAULT["studies"][0]["modes"]) if e["mode"] == "exact")
MODES = ("studies", 0, "modes")
REMOVED = "<removed>"


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


VALUES = [
    (("datasets", "ring", "sigma"), -1.0, "sigma"),
    (("datasets", "article", "points"), 7, "1000"),
    (("models", "compact", "slope"), 2.0, "slope"),
    (("studies", 0, "modes"), [{"mode": "spsa", "epsilon": 0.1, "directions": 0}], "directions"),
    (("quality", "metrics", "sliced_wasserstein", "projections"), 0, "projections"),
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
    assert {cell.mode for cell in cells} == set(registry.names("modes"))
    assert {cell.loss for cell in cells} == set(registry.names("losses"))
    assert {e["mode"] for p in smoke["probes"] for e in p["modes"]} == set(registry.names("modes"))
    assert set(smoke["quality"]["metrics"]) == set(registry.names("metrics"))
    assert set(smoke["figures"]["names"]) == set(registry.names("figures"))
    kinds = {smoke["datasets"][cell.dataset]["kind"] for cell in cells}
    assert kinds == set(registry.names("datasets"))
