"""What each stage needs of the config: the workflow's params, and what a person's call reads.

A stage gets no more than it uses, so that a change elsewhere in the config does not rerun it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from approxgan import grid
from approxgan.core import InputError

Config = Mapping[str, Any]


def _pick(kind: str, found: Mapping[str, Any], name: str) -> Any:
    if name not in found:
        some = ", ".join(list(found)[:5])
        raise InputError(
            f"{name!r} is not a {kind} of this config; it has {len(found)}: {some} ..."
        )
    return found[name]


def data(config: Config, dataset: str) -> Any:
    return dict(_pick("dataset", config["datasets"], dataset))


def train(config: Config, cell: str) -> dict[str, Any]:
    return grid.spec(config, _pick("cell", grid.cells(config), cell))


def quality(config: Config) -> dict[str, Any]:
    return {key: config["quality"][key] for key in ("seed", "metrics", "every_snapshot")}


def null(config: Config, dataset: str) -> dict[str, Any]:
    without = {k: v for k, v in config["quality"].items() if k != "every_snapshot"}
    return {
        **without,
        "definition": data(config, dataset),
        "samples": config["training"]["samples"],
    }


def probe(config: Config, name: str) -> dict[str, Any]:
    return _pick("probe", grid.probes(config), name)


def points(config: Config, name: str) -> dict[str, Any]:
    """A probe without what its trajectory does not depend on."""
    found = probe(config, name)
    without = {k: v for k, v in found.items() if k not in ("modes", "draws", "dtypes", "curvature")}
    return {**without, "definitions": _without_rules(found)}


def probe_mode(config: Config, name: str, mode: str) -> dict[str, Any]:
    """A probe with the entries of one mode alone."""
    found = probe(config, name)
    entries = _pick("mode", grid.probe_modes(found), mode)
    used = grid.rules_of(*(choice for entry in entries for choice in grid.choices_of(entry)))
    rules = {rule: config["epsilon_rules"][rule] for rule in used}
    return {**found, "modes": entries, "definitions": {**found["definitions"], "rules": rules}}


def describe(config: Config, name: str) -> dict[str, Any]:
    """A probe without its modes."""
    found = probe(config, name)
    return {**found, "modes": [], "definitions": _without_rules(found)}


def _without_rules(probe: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in probe["definitions"].items() if key != "rules"}


def dirac(config: Config, mode: str) -> dict[str, Any]:
    """The Dirac-GAN with the entries of one mode alone."""
    return {**config["dirac"], "modes": _pick("mode", grid.probe_modes(config["dirac"]), mode)}


def collect(config: Config, table: str | None = None) -> dict[str, Any]:
    """What names the files that a table is gathered from; the drawn ones need their number."""
    keys = ("datasets", "models", "losses", "epsilon_rules", "seeds", "training", "studies")
    keys += ("probes", "dirac")
    return {**{key: config[key] for key in keys}, "points": config["figures"]["points"]}


def claims(config: Config) -> dict[str, Any]:
    return dict(config["claims"])


def comparisons(config: Config) -> dict[str, Any]:
    """The rules, and the metrics that say which way their numbers are better."""
    return {"rules": claims(config), "metrics": sorted(config["quality"]["metrics"])}


def figure(config: Config) -> dict[str, Any]:
    return {"dpi": config["figures"]["dpi"]}


def report(config: Config) -> dict[str, Any]:
    """All but the limits, which change no result."""
    return {key: value for key, value in config.items() if key != "limits"}
