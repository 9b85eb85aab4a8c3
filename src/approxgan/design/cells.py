"""From the config to cells, probes and what they need."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from approxgan.config import registry
from approxgan.config.check import APART, OF_SAMPLES
from approxgan.core.errors import InputError
from approxgan.core.protocols import PLAYERS, Player, Term
from approxgan.core.settings import shown
from approxgan.design.choices import OF_TRAINING, TUNED, Cell, Choice, Step
from approxgan.design.names import NO_SETTING, folder_name, joined, mode_name, varied_label

SELDOM = 10**8
"""Steps between rows of the trace of a try: one row, at the start."""
TRIES = ".tune"
"""Ends the name of the study of a tuning's cells."""
EXPECTED = "expected"
"""The mode that needs no samples: the best that there is where it can be had."""
JUDGING = ("vanishing_threshold", "vanishing_steps")
"""Keys of ``training`` that judge a finished trace: they decide nothing in a training job."""


def points_of(axes: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every combination of values: lists are axes, the rest is constant."""
    values = [v if isinstance(v, list) else [v] for v in axes.values()]
    for point in itertools.product(*values):
        yield dict(zip(axes, point, strict=True))


def choices_of(entry: Mapping[str, Any]) -> Iterator[Choice]:
    """Every combination of one player's entry."""
    matches = list(choices_of(entry["match"])) if "match" in entry else [None]
    own = {key: value for key, value in entry.items() if key not in APART}
    for point, match in itertools.product(points_of(own), matches):
        step = Step.of(point.get("epsilon")) if match is None else match.step
        settings = {key: value for key, value in point.items() if key not in ("mode", "epsilon")}
        yield Choice(point["mode"], step, settings, match)


def pairs_of(entry: Mapping[str, Any]) -> Iterator[tuple[Choice, Choice]]:
    """(generator's, discriminator's) choices of an entry: the same one, or each its own."""
    if "mode" in entry:
        yield from ((choice, choice) for choice in choices_of(entry))
    else:
        yield from itertools.product(
            choices_of(entry["generator"]), choices_of(entry["discriminator"])
        )


def tuning(study: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The axes on which an entry's tries lie; none where nothing is tuned."""
    return entry.get("tune", {k: v for k, v in study.get("tune", {}).items() if k != "seeds"})


def taking(entry: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """An entry with these values of ε or settings, in every player whose mode takes them."""
    if "mode" not in entry:
        players = ("generator", "discriminator")
        return {**entry, **{player: taking(entry[player], values) for player in players}}
    about = registry.describe("modes", entry["mode"])
    takes = {*about.required, *about.optional, *OF_SAMPLES}
    takes |= {"epsilon"} if registry.takes_epsilon(entry["mode"]) else set()
    return {**entry, **{key: value for key, value in values.items() if key in takes}}


def probed_players(choice: Choice) -> Sequence[Player]:
    """The players at whose points a probe measures a choice: some work on a generator alone."""
    needs = registry.describe("modes", choice.mode).constants.get("needs")
    return ("generator",) if needs or OF_SAMPLES.keys() & choice.settings else PLAYERS


def deciding(claims: Mapping[str, Any], study: str) -> str:
    """The number by which a study is tuned and judged."""
    return claims["no_gradient"]["distances"].get(study, claims["metric"])


def pairs_tried(
    study: Mapping[str, Any], entry: Mapping[str, Any]
) -> Iterator[tuple[Choice, Choice]]:
    """The same, of every try where some of it is tuned."""
    for values in points_of(tuning(study, entry)):
        yield from pairs_of(taking(entry, values))


def blocks(first: int, count: int, block: int) -> list[tuple[int, ...]]:
    """Seeds first to first + count - 1 in blocks that start at multiples of ``block``.

    More seeds make more blocks; the ones already there stay.
    """
    seeds = range(first, first + count)
    return [
        tuple(s for s in seeds if s // block == number)
        for number in range(first // block, (first + count - 1) // block + 1)
    ]


def training_of(config: Mapping[str, Any], study: Mapping[str, Any]) -> dict[str, Any]:
    """A study's training; a budget stands in place of its steps."""
    made = {**config["training"], **study.get("training", {})}
    if "budget" in study:
        del made["steps"]
    return {**made, **study.get("budget", {})}


def seeds_of(config: Mapping[str, Any], *overlays: Mapping[str, Any]) -> list[tuple[int, ...]]:
    """Blocks of seeds, with what a study or an entry says of them."""
    told = dict(config["seeds"])
    for overlay in overlays:
        told.update(overlay.get("seeds", {}))
    return blocks(**told)


def _points(
    config: Mapping[str, Any], study: Mapping[str, Any], entry: Mapping[str, Any]
) -> Iterator[Cell]:
    """Cells without seeds: an entry's points for each game of its study."""
    training = training_of(config, study)
    for dataset, model, loss in itertools.product(
        study["datasets"], study["models"], study["losses"]
    ):
        for pair, varied in itertools.product(
            pairs_of(entry), points_of(entry.get("training", {}))
        ):
            told = {**training, **varied}
            if "seconds" in told:  # the same figure for tries, and for blocks that are not full
                told["stacked"] = max(map(len, seeds_of(config, study, entry)))
            yield Cell(study["name"], dataset, model, loss, *pair, (), told, varied)


def _study_cells(config: Mapping[str, Any], study: Mapping[str, Any]) -> Iterator[Cell]:
    for entry in study["modes"]:
        for cell in _open(config, study, entry):
            for block in seeds_of(config, study, entry):
                yield replace(cell, seeds=block)


def _open(
    config: Mapping[str, Any], study: Mapping[str, Any], entry: Mapping[str, Any]
) -> Iterator[Cell]:
    """An entry's cells without seeds, with ``TUNED`` in place of what a tuning decides."""
    axes = tuning(study, entry)
    left = {key: TUNED for key in axes if key in OF_TRAINING}
    for point in _points(config, study, taking(entry, dict.fromkeys(axes, TUNED))):
        cell = replace(point, varied={**point.varied, **left})
        yield replace(cell, tuned=place(cell), axes=axes) if axes else cell


def _study_tries(
    config: Mapping[str, Any], study: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any], Cell]]:
    """Name of the tuning, values tried, and the cell that tries them on the selection seeds."""
    if "tune" not in study:
        return
    own = study["tune"]["seeds"]
    seeds = tuple(range(own["first"], own["first"] + own["count"]))
    for entry in study["modes"]:
        axes = tuning(study, entry)
        for values in points_of(axes) if axes else ():
            of_training = {key: value for key, value in values.items() if key in OF_TRAINING}
            varied = {**entry.get("training", {}), **of_training}
            made = _points(config, study, {**taking(entry, values), "training": varied})
            for decided, point in zip(_open(config, study, entry), made, strict=True):
                training = {**point.training, "snapshots": 1, "trace_every": SELDOM}
                tried = replace(point, study=study["name"] + TRIES, training=training)
                yield decided.tuned, values, replace(tried, seeds=seeds)


def _once(found: Iterable[Cell]) -> dict[str, Cell]:
    result: dict[str, Cell] = {}
    for cell in found:
        name = folder(cell)
        if name in result:
            raise InputError(
                f"studies: duplicate cell {name}; accepted: each combination of study, "
                "dataset, model, loss, mode, epsilon and settings once"
            )
        result[name] = cell
    return result


def cells(config: Mapping[str, Any]) -> dict[str, Cell]:
    """Every cell whose results count, by its folder; raises ``InputError`` for doubles."""
    return _once(c for study in config["studies"] for c in _study_cells(config, study))


def tries(config: Mapping[str, Any]) -> dict[str, Cell]:
    """Every cell that tries values of a tuning, likewise."""
    return _once(c for study in config["studies"] for *_, c in _study_tries(config, study))


def trained(config: Mapping[str, Any]) -> dict[str, Cell]:
    """Tries and the cells that count, in this order."""
    return {**tries(config), **cells(config)}


def tunings(config: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Every tuning by its name: its tries, each with its values and its cells by their folders."""
    found: dict[str, list[dict[str, Any]]] = {}
    for study in config["studies"]:
        for name, values, cell in _study_tries(config, study):
            known = found.setdefault(name, [])
            if not known or known[-1]["values"] != values:
                known.append({"values": values, "cells": {}})
            known[-1]["cells"][folder(cell)] = cell
    return found


def place(cell: Cell) -> str:
    """A cell's folder below results/runs, all its seeds together."""
    own = joined(folder_name(cell.generator), folder_name(cell.discriminator))
    parts = [own] if own != NO_SETTING or not cell.varied else []
    parts += [varied_label(cell.varied)] if cell.varied else []
    return "/".join(
        (cell.study, cell.dataset, cell.model, cell.loss, mode_name(cell), "_".join(parts))
    )


def folder(cell: Cell) -> str:
    """A cell's folder below results/runs."""
    return f"{place(cell)}/seeds{cell.seeds[0]}-{cell.seeds[-1]}"


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
    return sorted({c.step.rule for c in choices if c.step.rule and c.step.rule != TUNED})


def spec(config: Mapping[str, Any], cell: Cell) -> dict[str, Any]:
    """All that a training job needs to know, as JSON: the cell and what its names stand for."""
    rules = rules_of(cell.generator, cell.discriminator)
    return {
        **{key: getattr(cell, key) for key in ("study", "dataset", "model", "loss")},
        "generator": cell.generator.spec,
        "discriminator": cell.discriminator.spec,
        "seeds": list(cell.seeds),
        "training": {k: v for k, v in cell.training.items() if k not in JUDGING},
        "varied": dict(cell.varied),
        "tuned": cell.tuned,
        "axes": dict(cell.axes),
        "chosen": dict(cell.chosen),
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
                **_path(probe),
            }
    return result


def _path(probe: Mapping[str, Any]) -> dict[str, Any]:
    """The two choices with which a probe's trajectory is trained, where the probe names them."""
    if "path" not in probe:
        return {}
    pairs = [*pairs_of(probe["path"])]
    if len(pairs) > 1 or any(choice.step.rule or choice.match for choice in pairs[0]):
        raise InputError("probes: path: accepted: one mode a player, epsilon a number, no match")
    return {"path": dict(zip(reversed(PLAYERS), (c.spec for c in pairs[0]), strict=True))}


def path_modes(probe: Mapping[str, Any]) -> list[str]:
    """The modes that a probe's trajectory may be trained with."""
    if "path" in probe:
        return sorted({choice["mode"] for choice in probe["path"].values()})
    return [name for name in ("exact", EXPECTED) if name in registry.names("modes")]


def probe_modes(probe: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Mode -> its entries in a probe."""
    result: dict[str, list[dict[str, Any]]] = {}
    for entry in probe["modes"]:
        result.setdefault(entry["mode"], []).append(entry)
    return result


def baselines(config: Mapping[str, Any]) -> dict[str, str]:
    """Study -> the mode that its cells are compared with, where it is not that of the claims.

    It is the one that the study names; or else the expected gradient, where a cell has it.
    """
    found: dict[str, str] = {}
    for study in config["studies"]:
        names = [joined(g.mode, d.mode) for e in study["modes"] for g, d in pairs_of(e)]
        expected = [name for name in names if name.split("+")[0] == EXPECTED]
        given = study.get("baseline") or next(iter(expected), None)
        if given is not None and given != config["claims"]["baseline"]:
            found.setdefault(study["name"], given)
    return found


def used_datasets(config: Mapping[str, Any]) -> list[str]:
    """Datasets that a study or a probe uses, in the config's order."""
    users = [*config["studies"], *config["probes"]]
    return [name for name in config["datasets"] if any(name in u["datasets"] for u in users)]


def scored(config: Mapping[str, Any]) -> dict[str, list[int]]:
    """Data sets whose samples are scored -> how many at once, each number that occurs."""
    sizes: dict[str, set[int]] = {}
    for study in config["studies"]:
        samples = training_of(config, study)["samples"]
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
    if isinstance(settings.get("generator"), Mapping):
        settings["generator"] = build_generator(settings["generator"])
    return registry.build("datasets", definition["kind"], settings)


def build_model(definition: Mapping[str, Any]) -> Any:
    """The model that a definition in the config describes."""
    settings = {k: v for k, v in definition.items() if k != "kind"}
    if isinstance(settings["generator"], Mapping):
        settings |= {"latent": 0, "generator": build_generator(settings["generator"])}
    return registry.build("models", definition["kind"], settings)


def build_generator(definition: Mapping[str, Any]) -> Any:
    """The generator in a model's or a data set's definition: a variant of its own."""
    settings = {k: v for k, v in definition.items() if k != "kind"}
    if isinstance(settings.get("of"), Mapping):
        settings["of"] = build_generator(settings["of"])
    return registry.build("generators", definition["kind"], settings)


def build_loss(definition: Mapping[str, Any]) -> Any:
    """The loss that a definition describes; its R1 penalty is the game's."""
    settings = {k: v for k, v in definition.items() if k not in ("kind", "r1")}
    kind = definition["kind"]
    made = registry.build("losses", kind, settings)
    for player in PLAYERS:
        terms = getattr(made, player)
        if not (isinstance(terms, tuple) and terms and all(isinstance(t, Term) for t in terms)):
            path = registry.folder("losses") / f"{kind}.py"
            raise InputError(f"{path}: {player} is {shown(terms)}; accepted: one or more of Term")
    return made
