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
    return {key: config["quality"][key] for key in ("seed", "metrics")}


def null(config: Config, dataset: str) -> dict[str, Any]:
    return {
        **config["quality"],
        "definition": data(config, dataset),
        "samples": config["training"]["samples"],
    }


def probe(config: Config, name: str) -> dict[str, Any]:
    return _pick("probe", grid.probes(config), name)


def points(config: Config, name: str) -> dict[str, Any]:
    """A probe without what its trajectory does not depend on."""
    found = probe(config, name)
    return {k: v for k, v in found.items() if k not in ("modes", "draws", "dtypes", "curvature")}


def probe_mode(config: Config, name: str, mode: str) -> dict[str, Any]:
    """A probe with the entries of one mode alone."""
    found = probe(config, name)
    return {**found, "modes": grid.probe_modes(found)[mode]}


def collect(config: Config, table: str | None = None) -> dict[str, Any]:
    """What names the files that a table is gathered from; the drawn ones need their number."""
    keys = ("datasets", "models", "seeds", "training", "studies", "probes")
    return {**{key: config[key] for key in keys}, "points": config["figures"]["points"]}


def claims(config: Config) -> dict[str, Any]:
    return dict(config["claims"])


def figure(config: Config) -> dict[str, Any]:
    return {"dpi": config["figures"]["dpi"]}


def report(config: Config) -> dict[str, Any]:
    return dict(config)
