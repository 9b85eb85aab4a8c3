"""Reading and checking the config: one clear line for whatever is wrong, before any job starts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from approxgan import grid, registry
from approxgan.core import InputError

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"


def merged(base: Any, over: Any) -> Any:
    """Overlay ``over``: maps are merged, anything else is replaced, as Snakemake does it."""
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        return {
            **base,
            **{k: merged(base[k], v) if k in base else v for k, v in over.items()},
        }
    return over


def read(paths: Sequence[Path]) -> dict[str, Any]:
    """The checked config of these files, later ones laid over earlier ones.

    Raises ``InputError`` for a file that is missing, not YAML, or breaks a rule.
    """
    config: Any = {}
    for path in paths:
        try:
            config = merged(config, yaml.safe_load(path.read_text()) or {})
        except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: not a readable YAML file ({_one_line(error)})") from error
    check(config)
    return config


def check(config: Mapping[str, Any]) -> None:
    """Raise ``InputError`` for the first rule that a config breaks; imports no variant."""
    for place, value in _numbers(config, ""):
        if not math.isfinite(value):
            raise InputError(f"config: {place}: {value} is not a finite number")
    error = best_match(_validator().iter_errors(config))
    if error is not None:
        raise InputError(_explain(error))
    for name, definition in config["datasets"].items():
        _check_definition("datasets", f"datasets.{name}", definition, ("kind", "points"))
    for name, definition in config["models"].items():
        _check_definition("models", f"models.{name}", definition, ("kind",))
    for place, user in _users(config):
        _check_names(config, place, user)
        for number, entry in enumerate(user["modes"]):
            _check_mode(f"{place}.modes[{number}]", entry)
    for name, settings in config["quality"]["metrics"].items():
        _located(f"quality.metrics.{name}", registry.check_settings, "metrics", name, settings)
    for family, names in (
        ("modes", [config["claims"]["baseline"], *config["claims"]["modes"]]),
        ("losses", config["claims"]["losses"]),
    ):
        for name in names:
            _located("claims", registry.check, family, name)
    for name in config["figures"]["names"]:
        _located("figures.names", registry.check, "figures", name)
    _located("grid", grid.cells, config)
    _located("grid", grid.probes, config)


def check_values(config: Mapping[str, Any]) -> None:
    """Build every variant that the config names, so that each checks its settings' values.

    Imports torch, hence apart from ``check``. Raises ``InputError``.
    """
    for name, definition in config["datasets"].items():
        dataset = _located(f"datasets.{name}", grid.build_dataset, definition)
        try:
            dataset.training(definition["points"], np.random.default_rng(0))
        except ValueError as error:
            raise InputError(f"config: datasets.{name}.points: {error}") from error
    for name, definition in config["models"].items():
        _located(f"models.{name}", grid.build_model, definition)
    for place, user in _users(config):
        for number, entry in enumerate(user["modes"]):
            for _, settings in grid.settings_of(entry):
                where = f"{place}.modes[{number}]"
                _located(where, registry.build, "modes", entry["mode"], settings)
        for name in user["losses"]:
            _located(f"{place}.losses", registry.build, "losses", name, {})
    for name, settings in config["quality"]["metrics"].items():
        _located(f"quality.metrics.{name}", registry.build, "metrics", name, settings)


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(yaml.safe_load(SCHEMA.read_text()))


def _numbers(value: Any, place: str) -> Iterator[tuple[str, float]]:
    """Every float of a config and where it stands."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _numbers(item, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _numbers(item, f"{place}[{number}]")
    elif isinstance(value, float):
        yield place, value


def _users(config: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for family in ("studies", "probes"):
        for number, user in enumerate(config[family]):
            yield f"{family}[{number}]", user


def _check_definition(
    family: str, place: str, definition: Mapping[str, Any], reserved: Sequence[str]
) -> None:
    settings = [key for key in definition if key not in reserved]
    _located(place, registry.check_settings, family, definition["kind"], settings)


def _check_names(config: Mapping[str, Any], place: str, user: Mapping[str, Any]) -> None:
    for family in ("datasets", "models"):
        for name in user[family]:
            if name not in config[family]:
                raise InputError(
                    f"config: {place}.{family}: {name!r} is not defined under {family}; "
                    f"accepted: {', '.join(config[family])}"
                )
    for name in user["losses"]:
        _located(f"{place}.losses", registry.check, "losses", name)


def _check_mode(place: str, entry: Mapping[str, Any]) -> None:
    mode = entry["mode"]
    about = _located(f"{place}.mode", registry.describe, "modes", mode)
    settings = [key for key in entry if key not in ("mode", "epsilon")]
    _located(place, registry.check_settings, "modes", mode, settings)
    if about.constants["takes_epsilon"] and "epsilon" not in entry:
        raise InputError(f"config: {place}: {mode} needs epsilon, a number > 0 or a list of them")
    if not about.constants["takes_epsilon"] and "epsilon" in entry:
        raise InputError(f"config: {place}.epsilon: {mode} takes no epsilon; leave it out")


def _located(place: str, function: Any, *arguments: Any) -> Any:
    """Call; an ``InputError`` gets the place in the config in front."""
    try:
        return function(*arguments)
    except InputError as error:
        raise InputError(f"config: {place}: {error}") from error


def _explain(error: ValidationError) -> str:
    place = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path
    )
    text = f"config: {place.lstrip('.') or 'top level'}: {_one_line(error.message)}"
    if error.validator == "type" and isinstance(error.instance, str) and _number(error.instance):
        text += "; YAML reads a number with an exponent only with a point: write 1.0e-5, not 1e-5"
    if error.validator == "additionalProperties" and isinstance(error.schema, Mapping):
        text += f"; accepted: {', '.join(error.schema['properties'])}"
    return text


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _one_line(message: object) -> str:
    text = " ".join(str(message).split())
    return text if len(text) <= 300 else f"{text[:297]}..."
