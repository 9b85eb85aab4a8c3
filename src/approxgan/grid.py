"""From the config to cells; the only place that knows where results are."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from approxgan import registry
from approxgan.core import Cell, InputError

NO_SETTING = "none"


def canonical(value: float) -> str:
    """The one spelling of a number in paths: 0.001 -> '1e-3', 2.5 -> '2.5e0'.

    Two floats have the same spelling only if they are the same float.
    """
    sign, digits, exponent = Decimal(repr(float(value))).normalize().as_tuple()
    text = "".join(map(str, digits))
    mantissa = text[0] + (f".{text[1:]}" if len(text) > 1 else "")
    return f"{'-' if sign else ''}{mantissa}e{int(exponent) + len(text) - 1}"


def spelled(settings: Mapping[str, Any]) -> str:
    """A mode's settings apart from ε as a path token: 'directions16_gaussian_sides1'."""
    return "_".join(v if isinstance(v, str) else f"{k}{v}" for k, v in settings.items())


def token(epsilon: float | None, settings: Mapping[str, Any]) -> str:
    """The folder of a mode's ε and settings."""
    parts = [] if epsilon is None else [f"epsilon{canonical(epsilon)}"]
    parts += [spelled(settings)] if settings else []
    return "_".join(parts) or NO_SETTING


def settings_of(entry: Mapping[str, Any]) -> Iterator[tuple[float | None, dict[str, Any]]]:
    """Every combination of one ``modes`` entry: lists are axes, the rest is constant."""
    axes = {k: v if isinstance(v, list) else [v] for k, v in entry.items() if k != "mode"}
    for values in itertools.product(*axes.values()):
        chosen = dict(zip(axes, values, strict=True))
        epsilon = chosen.pop("epsilon", None)
        yield epsilon, chosen


def blocks(first: int, count: int, block: int) -> list[tuple[int, ...]]:
    """Seeds first to first + count - 1 in blocks that start at multiples of ``block``.

    More seeds make more blocks; the ones already there stay.
    """
    seeds = range(first, first + count)
    return [
        tuple(s for s in seeds if s // block == number)
        for number in range(first // block, (first + count - 1) // block + 1)
    ]


def _study_cells(config: Mapping[str, Any], study: Mapping[str, Any]) -> Iterator[Cell]:
    training = {**config["training"], **study.get("training", {})}
    seeds = {**config["seeds"], **study.get("seeds", {})}
    for dataset, model, loss, entry in itertools.product(
        study["datasets"], study["models"], study["losses"], study["modes"]
    ):
        for epsilon, settings in settings_of(entry):
            for block in blocks(**seeds):
                yield Cell(
                    study["name"],
                    dataset,
                    model,
                    loss,
                    entry["mode"],
                    epsilon,
                    settings,
                    block,
                    training,
                )


def cells(config: Mapping[str, Any]) -> dict[str, Cell]:
    """Every training job of a checked config by its folder; raises ``InputError`` for doubles."""
    result: dict[str, Cell] = {}
    for study in config["studies"]:
        for cell in _study_cells(config, study):
            name = folder(cell)
            if name in result:
                raise InputError(
                    f"studies: {name} stands in the grid twice; every combination of study, "
                    "dataset, model, loss, mode, epsilon and settings may stand there once"
                )
            result[name] = cell
    return result


def folder(cell: Cell) -> str:
    """A cell's folder below results/runs."""
    return "/".join(
        (
            cell.study,
            cell.dataset,
            cell.model,
            cell.loss,
            cell.mode,
            token(cell.epsilon, cell.settings),
            f"seeds{cell.seeds[0]}-{cell.seeds[-1]}",
        )
    )


def spec(config: Mapping[str, Any], cell: Cell) -> dict[str, Any]:
    """All that a training job needs to know, as JSON: the cell and what its names stand for."""
    return {
        **asdict(cell),
        "settings": dict(cell.settings),
        "seeds": list(cell.seeds),
        "training": dict(cell.training),
        "definitions": {
            "dataset": config["datasets"][cell.dataset],
            "model": config["models"][cell.model],
        },
    }


def probes(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Every probed game by its folder below results/probe, with its definitions."""
    result: dict[str, dict[str, Any]] = {}
    for probe in config["probes"]:
        for dataset, model, loss in itertools.product(
            probe["datasets"], probe["models"], probe["losses"]
        ):
            name = f"{dataset}/{model}/{loss}"
            if name in result:
                raise InputError(f"probes: {name} is probed twice; once is accepted")
            result[name] = {
                "dataset": dataset,
                "model": model,
                "loss": loss,
                **{key: probe[key] for key in ("steps", "seeds", "draws", "dtypes", "curvature")},
                "training": {**config["training"], "steps": max(probe["steps"]) + 1},
                "definitions": {
                    "dataset": config["datasets"][dataset],
                    "model": config["models"][model],
                },
                "modes": probe["modes"],
            }
    return result


def probe_modes(probe: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Mode -> its entries in a probe."""
    result: dict[str, list[dict[str, Any]]] = {}
    for entry in probe["modes"]:
        result.setdefault(entry["mode"], []).append(entry)
    return result


def used_datasets(config: Mapping[str, Any]) -> list[str]:
    """Datasets that a study or a probe uses, in the config's order."""
    users = [*config["studies"], *config["probes"]]
    return [name for name in config["datasets"] if any(name in u["datasets"] for u in users)]


def build_dataset(definition: Mapping[str, Any]) -> Any:
    """The dataset that a definition in the config describes."""
    settings = {k: v for k, v in definition.items() if k not in ("kind", "points")}
    return registry.build("datasets", definition["kind"], settings)


def build_model(definition: Mapping[str, Any]) -> Any:
    """The model that a definition in the config describes."""
    settings = {k: v for k, v in definition.items() if k != "kind"}
    return registry.build("models", definition["kind"], settings)
