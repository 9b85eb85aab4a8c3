"""The one check of a config: what ``config.check`` says, then the grid, then every value.

Whatever reads a config calls this, so that nothing accepts what another refuses.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from approxgan.config import check as names
from approxgan.config import load, registry
from approxgan.config.check import located
from approxgan.core import pair
from approxgan.core.errors import InputError, one_line
from approxgan.core.protocols import PLAYERS, Situation
from approxgan.core.settings import near
from approxgan.design import build, cells, cost, limits
from approxgan.design.names import folder_name

DRAWS, RESOLVED = 1000, 1e-3
"""True points looked at, and the share of their spread that rounding may move them by."""
BETTER = ("lower", "higher", "neither")
MOST_PARAMETERS = 10**8
LONGEST = 200
"""Bytes of a folder's name; file systems hold 255, and files written there have longer names."""


def checked(config: Any) -> dict[str, Any]:
    """A config in canonical form, accepted as far as its text tells; imports no variant.

    Raises ``InputError`` for the first rule that it breaks.
    """
    found = load.canonical(config)
    names.check(found)
    located("grid", _check_grid, found)
    for name, definition in found["datasets"].items():
        for path in cells.files(definition):
            located(f"datasets.{name}", _check_file, path)
    return found


def fully_checked(
    config: Any, results: Path | None = None, show: Callable[[dict[str, Any]], None] | None = None
) -> dict[str, Any]:
    """The same, every value accepted by the variants themselves: builds each that is named.

    With the folder of results, all jobs together have to keep to the config's ``limits`` too;
    ``show`` is called before that, with a config whose jobs can be counted.
    """
    found = checked(config)
    datasets = _built(found, "datasets", cells.build_dataset)
    models = _built(found, "models", cells.build_model)
    _built(found, "losses", cells.build_loss)
    for name, settings in found["epsilon_rules"].items():
        located(f"epsilon_rules.{name}", registry.build, "rules", name, settings)
    _check_data(found, datasets)
    _check_metrics(found, datasets)
    if show is not None:
        show(found)
    if results is not None:
        limits.check(found, results)
    cost.check_budgets(found)
    for family in ("studies", "probes"):
        for number, user in enumerate(found[family]):
            for dataset, model, loss in itertools.product(
                user["datasets"], user["models"], user["losses"]
            ):
                dim, stated = datasets[dataset].dim, cells.loss_definition(found, loss)
                where, penalty = f"{family}[{number}]: {dataset}/{model}/{loss}", stated.get("r1")
                located(where, cells.build_loss, stated)
                _check_modes(where, found, user, models[model], dim, bool(penalty))
    for choice in (c for entry in found["dirac"]["modes"] for c in cells.choices_of(entry)):
        located("dirac", build.played, choice)
    return found


def _built(config: Mapping[str, Any], family: str, make: Callable[..., Any]) -> dict[str, Any]:
    return {
        name: located(f"{family}.{name}", make, definition)
        for name, definition in config[family].items()
    }


def _check_grid(config: Mapping[str, Any]) -> None:
    """No cell, seed of a cell or probed choice is a duplicate, and all can be stored."""
    seeds: dict[str, set[int]] = {}
    for name, cell in cells.trained(config).items():
        longest = max(name.split("/"), key=lambda part: len(part.encode()))
        if len(longest.encode()) > LONGEST:
            raise InputError(
                f"{longest[:60]}...: a folder's name of {len(longest)} letters; accepted: at most "
                f"{LONGEST}; use fewer settings, or numbers with fewer digits"
            )
        point = name.rpartition("/")[0]
        double = seeds.setdefault(point, set()).intersection(cell.seeds)
        if double:
            raise InputError(
                f"{name}: duplicate seed {min(double)}, in another entry of this cell; once is "
                "accepted"
            )
        seeds[point].update(cell.seeds)
    for name, probe in cells.probes(config).items():
        _check_double(f"probes: {name}", probe["modes"])
    _check_double("dirac", config["dirac"]["modes"])


def _check_double(place: str, entries: Iterable[Mapping[str, Any]]) -> None:
    known = set()
    for choice in (choice for entry in entries for choice in cells.choices_of(entry)):
        name = f"{choice.mode} {folder_name(choice)}"
        if name in known:
            raise InputError(f"{place}: duplicate {name}; each is accepted once")
        known.add(name)


def _check_file(path: Any) -> None:
    """A data file is there, and its name can stand in a rule of the workflow."""
    if not isinstance(path, str) or not path.isprintable():
        raise InputError(f"path is {path!r}; accepted: the name of a file")
    try:
        there = Path(path).is_file()
    except (OSError, ValueError) as error:
        raise InputError(f"path is {path[:60]!r}: {one_line(error)}") from error
    if not there:
        raise InputError(f"path is {path!r}, which is no file; accepted: a file that exists")


def _check_modes(place: str, config: Any, user: Any, model: Any, dim: int, penalised: bool) -> None:
    # Here, as it loads torch, which the model has loaded by now.
    from approxgan.core.autograd import abilities

    maker = pair.generator_of(model)
    refuses = getattr(maker, "refuses", None)
    reason = refuses(dim) if refuses else None
    if reason is not None:
        raise InputError(f"config: {place}: the generator: {reason}")
    sizes = {"generator": maker.size(dim), "discriminator": model.size("discriminator", dim)}
    if max(sizes.values()) > MOST_PARAMETERS:
        raise InputError(
            f"config: {place}: a network of {max(sizes.values()):,} parameters; accepted: at most "
            f"{MOST_PARAMETERS:,}"
        )
    able = {player: abilities(model, player, dim) for player in PLAYERS}
    offered = pair.offers(maker, dim)
    if place.startswith("probes"):
        # A probe keeps no batch of data.
        offered -= {"likelihood"}
    followed = able["generator"][0] or "expected" in offered or "path" in user
    if place.startswith("probes") and not (followed and able["discriminator"][0]):
        raise InputError(
            f"config: {place}: torch cannot differentiate the model's networks; accepted: a model "
            "of differentiable torch operations, as probes follow the exact gradient, or a "
            "generator whose path names another mode"
        )
    for entry in [*user["modes"], *([user["path"]] if "path" in user else [])]:
        for choices in cells.pairs_tried(user, entry):
            for player, choice in zip(reversed(PLAYERS), choices, strict=True):
                if place.startswith("probes") and player not in cells.probed_players(choice):
                    continue
                own = penalised and player == "discriminator"
                situation = Situation(
                    sizes[player], pair.slopes(model, player), own, choice.step.rule, *able[player]
                )
                if player == "generator":
                    why = getattr(maker, "why_not_differentiable", "")
                    batch = _smallest_batch(config, user, entry)
                    situation = replace(situation, offers=offered, reason=why, batch=batch)
                located(place, build.estimator, choice, situation)


def _smallest_batch(config: Any, user: Any, entry: Any) -> int:
    told: Any = entry.get("training", {}).get("batch", cells.training_of(config, user)["batch"])
    tried: Any = cells.tuning(user, entry).get("batch", told)
    return min(tried) if isinstance(tried, list | tuple) else tried


def _check_data(config: Mapping[str, Any], datasets: Mapping[str, Any]) -> None:
    """There are as many points as are asked for, and the precision of training resolves them."""
    for name, dataset in datasets.items():
        refuses = getattr(dataset, "refuses", None)
        reason = refuses(config["datasets"][name]["points"]) if refuses else None
        if reason is not None:
            raise InputError(f"config: datasets.{name}: {reason}")
    for number, study in enumerate(config["studies"]):
        if cells.training_of(config, study)["dtype"] == "float32":
            for name in study["datasets"]:
                located(f"studies[{number}]: {name}", _check_resolved, datasets[name])
    for number, probe in enumerate(config["probes"]):
        for name in probe["datasets"]:
            located(f"probes[{number}]: {name}", _check_resolved, datasets[name])


def _check_resolved(dataset: Any) -> None:
    """Rounding to float32 moves the points by a small part of their spread, in every column.

    Of most points: one that lies far decides nothing.
    """
    points, modes = dataset.sample(DRAWS, np.random.default_rng(0)), dataset.modes()
    with np.errstate(over="ignore"):
        moved = np.median(np.abs(points - points.astype(np.float32)), axis=0)
    spread = np.median(np.abs(points - np.median(points, axis=0)), axis=0)
    spread = np.where(spread > 0, spread, points.std(axis=0))
    finest = spread if modes is None else np.minimum(spread, modes.sigma)
    lost = np.flatnonzero((moved > RESOLVED * finest) & (spread > 0))
    if len(lost):
        column = lost[0]
        raise InputError(
            f"float32 moves column {column + 1} by about {moved[column]:.1g} and its spread is "
            f"{finest[column]:.1g}: too coarse; accepted: data without so large an offset, or "
            "training.dtype float64"
        )


def _check_metrics(config: Mapping[str, Any], datasets: Mapping[str, Any]) -> None:
    """The metrics can score the studies' samples, and ``claims.metric`` is one of their numbers."""
    built = {
        name: located(f"quality.metrics.{name}", registry.build, "metrics", name, settings)
        for name, settings in config["quality"]["metrics"].items()
    }
    owner: dict[str, str] = {}
    for name, metric in built.items():
        for number, better in metric.directions.items():
            if owner.setdefault(number, name) != name:
                raise InputError(
                    f"config: quality.metrics.{name}: gives {number!r}, as {owner[number]} does; "
                    "accepted: a name of its own"
                )
            if better not in BETTER:
                raise InputError(
                    f"config: quality.metrics.{name}: directions: {number} is {better!r}; "
                    f"accepted: {', '.join(BETTER)}"
                )
    numbers = {"claims.metric": config["claims"]["metric"]}
    named = {study["name"] for study in config["studies"]}
    for study, number in config["claims"]["no_gradient"]["distances"].items():
        if study in named:
            numbers[f"claims.no_gradient.distances.{study}"] = number
    given = [n for key in config["quality"]["every_snapshot"] for n in built[key].directions]
    for place, wanted in numbers.items():
        if wanted not in given:
            raise InputError(
                f"config: {place}: {wanted!r} is no number of the metrics in "
                f"quality.every_snapshot; {near(wanted, given)}accepted: "
                f"{', '.join(given)}"
            )
    for number, study in enumerate(config["studies"]):
        samples = cells.training_of(config, study)["samples"]
        for dataset, name in itertools.product(study["datasets"], built):
            refuses = getattr(built[name], "refuses", None)
            reason = refuses(samples, datasets[dataset]) if refuses else None
            if reason is not None:
                raise InputError(f"config: studies[{number}]: {dataset}: {name}: {reason}")
