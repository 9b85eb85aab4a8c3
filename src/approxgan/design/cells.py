"""From the config to cells, probes and what they need."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from approxgan.config import registry
from approxgan.config.check import APART
from approxgan.core.errors import InputError
from approxgan.design.choices import Cell, Choice, Step
from approxgan.design.names import folder_name, joined, mode_name

JUDGING = ("vanishing_threshold", "vanishing_steps")
"""Keys of ``training`` that judge a finished trace: they decide nothing in a training job."""


def choices_of(entry: Mapping[str, Any]) -> Iterator[Choice]:
    """Every combination of one player's entry: lists are axes, the rest is constant."""
    axes = {k: v if isinstance(v, list) else [v] for k, v in entry.items() if k not in APART}
    matches = list(choices_of(entry["match"])) if "match" in entry else [None]
    for values, match in itertools.product(itertools.product(*axes.values()), matches):
        chosen = dict(zip(axes, values, strict=True))
        mode, step = chosen.pop("mode"), Step.of(chosen.pop("epsilon", None))
        yield Choice(mode, match.step if match else step, chosen, match)


def pairs_of(entry: Mapping[str, Any]) -> Iterator[tuple[Choice, Choice]]:
    """(generator's, discriminator's) choices of an entry: the same one, or each its own."""
    if "mode" in entry:
        yield from ((choice, choice) for choice in choices_of(entry))
    else:
        yield from itertools.product(
            choices_of(entry["generator"]), choices_of(entry["discriminator"])
        )


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
        for pair in pairs_of(entry):
            for block in blocks(**{**seeds, **entry.get("seeds", {})}):
                yield Cell(study["name"], dataset, model, loss, *pair, block, training)


def cells(config: Mapping[str, Any]) -> dict[str, Cell]:
    """Every training job of a checked config by its folder; raises ``InputError`` for doubles."""
    result: dict[str, Cell] = {}
    for study in config["studies"]:
        for cell in _study_cells(config, study):
            name = folder(cell)
            if name in result:
                raise InputError(
                    f"studies: duplicate cell {name}; accepted: each combination of study, "
                    "dataset, model, loss, mode, epsilon and settings once"
                )
            result[name] = cell
    return result


def folder(cell: Cell) -> str:
    """A cell's folder below results/runs."""
    return "/".join(
        (
            *(cell.study, cell.dataset, cell.model, cell.loss, mode_name(cell)),
            joined(folder_name(cell.generator), folder_name(cell.discriminator)),
            f"seeds{cell.seeds[0]}-{cell.seeds[-1]}",
        )
    )


def loss_definition(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What a loss's name stands for: its entry under ``losses``, or the loss of that name."""
    return dict(config["losses"].get(name, {"kind": name}))


def definitions(config: Mapping[str, Any], dataset: str, model: str, loss: str) -> dict[str, Any]:
    return {
        "dataset": config["datasets"][dataset],
        "model": config["models"][model],
        "loss": loss_definition(config, loss),
    }


def rules_of(*choices: Choice) -> list[str]:
    """Names of the rules that choose these ε, sorted."""
    return sorted({choice.step.rule for choice in choices if choice.step.rule})


def spec(config: Mapping[str, Any], cell: Cell) -> dict[str, Any]:
    """All that a training job needs to know, as JSON: the cell and what its names stand for."""
    rules = rules_of(cell.generator, cell.discriminator)
    return {
        **{key: getattr(cell, key) for key in ("study", "dataset", "model", "loss")},
        "generator": cell.generator.spec,
        "discriminator": cell.discriminator.spec,
        "seeds": list(cell.seeds),
        "training": {k: v for k, v in cell.training.items() if k not in JUDGING},
        "definitions": {
            **definitions(config, cell.dataset, cell.model, cell.loss),
            "rules": {name: config["epsilon_rules"][name] for name in rules},
        },
    }


def probes(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Every probed game by its folder below results/probe, with its definitions."""
    result: dict[str, dict[str, Any]] = {}
    for probe in config["probes"]:
        for names in itertools.product(probe["datasets"], probe["models"], probe["losses"]):
            name = "/".join(names)
            if name in result:
                raise InputError(f"probes: duplicate probe {name}; accepted: each game once")
            result[name] = {
                **dict(zip(("dataset", "model", "loss"), names, strict=True)),
                **{key: probe[key] for key in ("steps", "seeds", "draws", "dtypes", "curvature")},
                "training": {**config["training"], "steps": max(probe["steps"]) + 1},
                "definitions": {
                    **definitions(config, *names),
                    "rules": dict(config["epsilon_rules"]),
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


def scored(config: Mapping[str, Any]) -> dict[str, list[int]]:
    """Data sets whose samples are scored -> how many at once, each number that occurs."""
    sizes: dict[str, set[int]] = {}
    for study in config["studies"]:
        samples = {**config["training"], **study.get("training", {})}["samples"]
        for name in study["datasets"]:
            sizes.setdefault(name, set()).add(samples)
    return {name: sorted(sizes[name]) for name in config["datasets"] if name in sizes}


def files(definition: Mapping[str, Any]) -> list[str]:
    """Paths of the files that a dataset's definition reads."""
    reads = registry.describe("datasets", definition["kind"]).constants.get("reads", ())
    return [definition[key] for key in reads if key in definition]


def build_dataset(definition: Mapping[str, Any]) -> Any:
    """The dataset that a definition in the config describes."""
    settings = {k: v for k, v in definition.items() if k not in ("kind", "points")}
    return registry.build("datasets", definition["kind"], settings)


def build_model(definition: Mapping[str, Any]) -> Any:
    """The model that a definition in the config describes."""
    settings = {k: v for k, v in definition.items() if k != "kind"}
    return registry.build("models", definition["kind"], settings)


def build_loss(definition: Mapping[str, Any]) -> Any:
    """The loss that a definition describes; its R1 penalty is the game's."""
    settings = {k: v for k, v in definition.items() if k not in ("kind", "r1")}
    return registry.build("losses", definition["kind"], settings)
