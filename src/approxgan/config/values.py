"""The config's values, checked by the variants themselves: builds every one that is named.

Imports torch, hence apart from ``config``.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from approxgan.config import choices, registry
from approxgan.config.check import located
from approxgan.core.errors import InputError
from approxgan.core.protocols import PLAYERS, Choice, Situation
from approxgan.design import cells
from approxgan.dirac import stage as dirac


def check(config: Mapping[str, Any]) -> None:
    """Raise ``InputError`` for the first value that a variant refuses, alone or combined."""
    datasets = {}
    for name, definition in config["datasets"].items():
        datasets[name] = located(f"datasets.{name}", cells.build_dataset, definition)
        try:
            datasets[name].training(definition["points"], np.random.default_rng(0))
        except ValueError as error:
            raise InputError(f"config: datasets.{name}.points: {error}") from error
    models = {
        name: located(f"models.{name}", cells.build_model, definition)
        for name, definition in config["models"].items()
    }
    for name, definition in config["losses"].items():
        located(f"losses.{name}", cells.build_loss, definition)
    for name, settings in config["epsilon_rules"].items():
        located(f"epsilon_rules.{name}", registry.build, "rules", name, settings)
    _check_metrics(config)
    for family in ("studies", "probes"):
        for number, user in enumerate(config[family]):
            place = f"{family}[{number}]"
            names = itertools.product(user["datasets"], user["models"], user["losses"])
            for dataset, model, loss in names:
                dim, penalty = datasets[dataset].dim, cells.loss_definition(config, loss).get("r1")
                where = f"{place}: {dataset}/{model}/{loss}"
                _check_modes(where, user, models[model], dim, bool(penalty))
    located("dirac", dirac.check, config["dirac"])


def _check_metrics(config: Mapping[str, Any]) -> None:
    built = {
        name: located(f"quality.metrics.{name}", registry.build, "metrics", name, settings)
        for name, settings in config["quality"]["metrics"].items()
    }
    wanted = config["claims"]["metric"]
    given = [n for key in config["quality"]["every_snapshot"] for n in built[key].directions]
    if wanted not in given:
        raise InputError(
            f"config: claims.metric: {wanted!r} is no number of the metrics in "
            f"quality.every_snapshot; accepted: {', '.join(given)}"
        )


def _check_modes(place: str, user: Any, model: Any, dim: int, penalised: bool) -> None:
    sizes = {player: model.size(player, dim) for player in PLAYERS}
    for entry in user["modes"]:
        for pair in cells.pairs_of(entry):
            for player, choice in zip(("generator", "discriminator"), pair, strict=True):
                own = penalised and player == "discriminator"
                rule = choice.epsilon if isinstance(choice.epsilon, str) else None
                situation = Situation(sizes[player], model.slopes(), own, rule)
                located(place, _check_choice, choice, situation)


def _check_choice(choice: Choice, situation: Situation) -> None:
    mode = registry.build("modes", choice.mode, choices.settings(choice))
    reason = choices.refusal(mode, situation)
    if reason is not None:
        raise InputError(f"{choice.mode}: {reason}")
