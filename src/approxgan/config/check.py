"""Reading and checking the config: one clear line for whatever is wrong, before any job starts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from approxgan.config import choices, limits, load, registry
from approxgan.config.load import one_line
from approxgan.core.errors import InputError
from approxgan.design import cells as grid

RESERVED = {"datasets": ("kind", "points"), "models": ("kind",), "losses": ("kind", "r1")}
"""Keys of a definition that are not settings of its variant."""
SCHEMA = Path(__file__).parent / "schema.yaml"


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
        config = merged(config, load.read(path) or {})
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
    for family, reserved in RESERVED.items():
        for name, definition in config[family].items():
            settings = [key for key in definition if key not in reserved]
            kind, place = definition["kind"], f"{family}.{name}"
            located(place, registry.check_settings, family, kind, settings)
    for name, settings in config["epsilon_rules"].items():
        located(f"epsilon_rules.{name}", registry.check_settings, "rules", name, settings)
    for name, settings in config["quality"]["metrics"].items():
        located(f"quality.metrics.{name}", registry.check_settings, "metrics", name, settings)
    for name in config["quality"]["every_snapshot"]:
        if name not in config["quality"]["metrics"]:
            accepted = ", ".join(config["quality"]["metrics"])
            raise InputError(
                f"config: quality.every_snapshot: {name!r} is not one of quality.metrics; "
                f"accepted: {accepted}"
            )
    for place, user in _users(config):
        _check_names(config, place, user)
        _check_batch(config, place, user)
    for place, entry, seeded in _entries(config):
        located(place, choices.check, entry, config["epsilon_rules"], seeded)
    judged = config["claims"]
    for name in [judged["baseline"], judged["chaos_control"], *judged["modes"]]:
        located("claims", registry.check, "modes", name)
    for name in config["claims"]["losses"]:
        _check_loss(config, "claims.losses", name)
    for name in config["figures"]["names"]:
        located("figures.names", registry.check, "figures", name)
    limits.check_jobs(config)
    cells = located("grid", grid.cells, config)
    probes = located("grid", grid.probes, config)
    for name, cell in cells.items():
        located(f"grid: {name}", choices.check_match, cell, probes)


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


def _entries(config: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Every entry of ``modes``: where it stands, what it says, whether it may have seeds."""
    for place, user in (*_users(config), ("dirac", config["dirac"])):
        for number, entry in enumerate(user["modes"]):
            where = f"{place}.modes[{number}]"
            if "mode" in entry:
                yield where, entry, place.startswith("studies")
            else:
                for player in ("generator", "discriminator"):
                    yield f"{where}.{player}", entry[player], False


def _check_names(config: Mapping[str, Any], place: str, user: Mapping[str, Any]) -> None:
    for family in ("datasets", "models"):
        for name in user[family]:
            if name not in config[family]:
                raise InputError(
                    f"config: {place}.{family}: {name!r} is not defined under {family}; "
                    f"accepted: {', '.join(config[family])}"
                )
    for name in user["losses"]:
        _check_loss(config, f"{place}.losses", name)


def _check_loss(config: Mapping[str, Any], place: str, name: str) -> None:
    """A loss is one that the config defines, or the name of a loss without settings."""
    if name in config["losses"]:
        return
    plain = [n for n in registry.names("losses") if not registry.describe("losses", n).required]
    if name not in plain:
        accepted = ", ".join(dict.fromkeys([*config["losses"], *plain]))
        raise InputError(f"config: {place}: {name!r} is not a loss; accepted: {accepted}")


def _check_batch(config: Mapping[str, Any], place: str, user: Mapping[str, Any]) -> None:
    batch = {**config["training"], **user.get("training", {})}["batch"]
    for name in user["datasets"]:
        points = config["datasets"][name]["points"]
        if batch > points:
            raise InputError(
                f"config: {place}: training.batch={batch} is more than the {points} points of "
                f"dataset {name!r}; at most that many are accepted"
            )


def located(place: str, function: Any, *arguments: Any) -> Any:
    """Call; an ``InputError`` gets the place in the config in front."""
    try:
        return function(*arguments)
    except InputError as error:
        raise InputError(f"config: {place}: {error}") from error


def _explain(error: ValidationError) -> str:
    place = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path
    )
    text = f"config: {place.lstrip('.') or 'top level'}: {one_line(error.message)}"
    if (
        error.validator in ("type", "pattern")
        and isinstance(error.instance, str)
        and _number(error.instance)
    ):
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
