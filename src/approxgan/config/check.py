"""Shape and names of a config: one clear line for the first rule that it breaks.

Imports no variant: ``design.check`` goes on from here with the grid and the values.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from approxgan.config import registry, words
from approxgan.core.errors import InputError, one_line
from approxgan.core.protocols import PLAYERS
from approxgan.core.settings import near

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError

RESERVED = {"datasets": ("kind", "points"), "models": ("kind",), "losses": ("kind", "r1")}
"""Keys of a definition that are not settings of its variant."""
APART = ("match", "seeds", "training", "tune")
"""Keys of an entry of ``modes`` whose value is a map, not a point of an axis."""
OF_SAMPLES = {"noise": ("common", "fresh"), "at": ("parameters", "output")}
"""Settings of how a mode evaluates a generator, not of the mode itself: see docs/generators.md."""
OF_ENTRY = ("mode", "epsilon", *APART, *OF_SAMPLES)
"""Those that are not settings of the mode."""
OF_STUDY = ("seeds", "training", "tune")
"""Those that only studies take, beside the modes of both players."""
BUDGETS = ("forward_equivalents", "calls", "seconds")
"""What a budget counts, in place of steps: evaluations, samples that the generator makes, or a
seed's seconds of one core."""
OF_TRAINING = (
    *("steps", *BUDGETS, "batch", "learning_rate", "beta1", "beta2", "adam_epsilon"),
    *("dtype", "average", "instance_noise"),
)
"""Keys of ``training`` in which cells of one study may differ."""
TUNED = "tuned"
"""Stands for ε, or a setting, that a tuning decides."""
SCHEMA = Path(__file__).with_name("schema.yaml")


def check(config: Mapping[str, Any]) -> None:
    """Raise ``InputError`` for the first rule of shape or names that a config breaks."""
    error = _broken(config)
    if error is not None:
        raise InputError(_explain(error))
    _check_variants(config)
    for place, user in _users(config):
        _check_user(config, place, user)
    for place, entry, axes, in_study in _entries(config):
        located(place, _check_entry, entry, config["epsilon_rules"], axes, in_study)
    _check_studies(config)
    judged = config["claims"]
    for name in [judged["baseline"], judged["chaos_control"], *judged["modes"]]:
        located("claims", registry.check, "modes", name)
    for name in judged["no_gradient"]["references"]:
        located("claims.no_gradient.references", registry.check, "modes", name)
    for name in judged["losses"]:
        _check_loss(config, "claims.losses", name)
    for name in config["figures"]["names"]:
        located("figures.names", registry.check, "figures", name)
    found, most = jobs_of(config), config["limits"]["jobs"]
    if found > most:
        raise InputError(
            f"config: limits.jobs: the grid has {number(found)} jobs, at most {number(most)} "
            "are accepted; make lists shorter or seeds.block larger, or raise limits.jobs"
        )
    for place, study in enumerate(config["studies"]):
        for entry in study["modes"]:
            located(f"studies[{place}].modes", _check_training, config, study, entry)
        if "tune" in study:
            located(f"studies[{place}].tune", _check_tuning, config, study)
        if "baseline" in study:
            located(f"studies[{place}]", _check_baseline, study)


def located(place: str, function: Any, *arguments: Any) -> Any:
    """Call; an ``InputError`` gets the place in the config in front."""
    try:
        return function(*arguments)
    except InputError as error:
        raise InputError(f"config: {one_line(place)}: {error}") from error


def number(value: float) -> str:
    if value >= 1e9:
        return f"{float(min(value, 10**300)):.1e}"
    if isinstance(value, float):
        return f"{value:,.1f}" if value >= 1 else f"{value:.2g}"
    return f"{value:,}"


@cache
def _schema() -> dict[str, Any]:
    return yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))


@cache
def _validator(part: str) -> "Draft202012Validator":
    # Not at the top: jobs check no config, and each of them would load it.
    from jsonschema import Draft202012Validator

    return Draft202012Validator(_schema()["$defs"][part] if part else _schema())


def _broken(given: Mapping[str, Any], part: str = "") -> "ValidationError | None":
    """The rule of the schema, or of the named part of it, that is to be told first."""
    from jsonschema.exceptions import best_match

    return best_match(_validator(part).iter_errors(given))


def _explain(error: "ValidationError") -> str:
    place = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path
    )
    return f"config: {words.explained(error, place.lstrip('.'))}"


def _check_variants(config: Mapping[str, Any]) -> None:
    """Every definition names a variant and its settings."""
    quality = config["quality"]
    for family, reserved in RESERVED.items():
        for name, definition in config[family].items():
            settings = [key for key in definition if key not in reserved]
            kind, place = definition["kind"], f"{family}.{name}"
            if isinstance(definition.get("generator"), Mapping):
                located(place, _check_generator, definition)
                settings += ["latent"] if family == "models" else []
            located(place, registry.check_settings, family, kind, settings)
    for name, settings in config["epsilon_rules"].items():
        located(f"epsilon_rules.{name}", registry.check_settings, "rules", name, settings)
    for name, settings in quality["metrics"].items():
        located(f"quality.metrics.{name}", registry.check_settings, "metrics", name, settings)
    for name in quality["every_snapshot"]:
        _check_defined("quality.every_snapshot", name, "quality.metrics", quality["metrics"])


def _check_generator(definition: Mapping[str, Any]) -> None:
    """A generator in a definition is a variant of that family, and brings its own draws."""
    if "latent" in definition:
        raise InputError("latent is given beside a generator with a kind, which has its own draws")
    # One may be made of another.
    for generator in (definition["generator"], definition["generator"].get("of")):
        if generator is None:
            continue
        kind = generator.get("kind") if isinstance(generator, Mapping) else generator
        if not (isinstance(generator, Mapping) and isinstance(kind, str)):
            raise InputError(f"generator: kind is {kind!r}; accepted: the name of a generator")
        settings = [key for key in generator if key != "kind"]
        registry.check_settings("generators", kind, settings)


def _check_defined(place: str, name: str, family: str, known: Mapping[str, Any]) -> None:
    if name not in known:
        raise InputError(
            f"config: {place}: {name!r} is not defined under {family}; "
            f"{near(name, known)}accepted: {', '.join(known)}"
        )


def _users(config: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for family in ("studies", "probes"):
        for place, user in enumerate(config[family]):
            yield f"{family}[{place}]", user


def _check_user(config: Mapping[str, Any], place: str, user: Mapping[str, Any]) -> None:
    """What a study or a probe names is defined, and its training can be done."""
    training = {**config["training"], **user.get("training", {})}
    for family in ("datasets", "models"):
        for name in user[family]:
            _check_defined(f"{place}.{family}", name, family, config[family])
    for name in user["losses"]:
        _check_loss(config, f"{place}.losses", name)
    for name in user["datasets"]:
        points = config["datasets"][name]["points"]
        if training["batch"] > points:
            raise InputError(
                f"config: {place}: training.batch={training['batch']} is more than the {points} "
                f"points of dataset {name!r}; at most that many are accepted"
            )
    own, limited = user.get("training", {}), "budget" in user
    for key, wrong in (("steps", limited), *((unit, True) for unit in BUDGETS)):
        if wrong and key in (own if key == "steps" else training):
            where = f"{place}: " if key in own else ""
            raise InputError(
                f"config: {where}training.{key} is given; a study's length is accepted as "
                f"training.steps, or as budget with {' or '.join(BUDGETS)}"
            )


def _check_loss(config: Mapping[str, Any], place: str, name: str) -> None:
    """A loss is one that the config defines, or the name of a loss without settings."""
    if name in config["losses"]:
        return
    plain = [n for n in registry.names("losses") if not registry.describe("losses", n).required]
    if name not in plain:
        known = dict.fromkeys([*config["losses"], *plain])
        told = f"{near(name, known)}accepted: {', '.join(known)}"
        raise InputError(f"config: {place}: {name!r} is not a loss; {told}")


def _check_studies(config: Mapping[str, Any]) -> None:
    """Studies of one name are compared as one group, which has one training."""
    known: dict[str, Any] = {}
    for place, study in enumerate(config["studies"]):
        own = {**config["training"], **study.get("training", {}), **study.get("budget", {})}
        first = known.setdefault(study["name"], own)
        for key, value in own.items():
            if value != first.get(key):
                raise InputError(
                    f"config: studies[{place}]: an earlier study {study['name']!r} has "
                    f"training.{key}={first.get(key)}, this one {value}; runs of one study are "
                    "compared with one another: give one of them another name"
                )


def _entries(
    config: Mapping[str, Any],
) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any], bool]]:
    """Every entry of ``modes``: where it stands, what it says, its own tuning's axes, and whether
    it may have keys of a study.
    """
    for place, user in (*_users(config), ("dirac", config["dirac"])):
        for position, entry in enumerate(user["modes"]):
            where, axes = f"{place}.modes[{position}]", entry.get("tune", {})
            if "mode" in entry:
                yield where, entry, axes, place.startswith("studies")
            else:
                for player in reversed(PLAYERS):
                    for key in OF_SAMPLES if player == "discriminator" else ():
                        if key in entry[player]:
                            raise InputError(
                                f"config: {where}.{player}: {key} is not accepted here: a "
                                "discriminator draws nothing; leave it out"
                            )
                    yield f"{where}.{player}", entry[player], axes, False
    for place, probe in enumerate(config["probes"]):
        path = probe.get("path", {})
        for player in PLAYERS if "mode" not in path else ("",):
            if path:
                at = f"probes[{place}].path.{player}".rstrip(".")
                yield at, path[player] if player else path, {}, False


def _check_entry(
    entry: Mapping[str, Any],
    rules: Mapping[str, Any],
    axes: Mapping[str, Any] | None = None,
    in_study: bool = False,
) -> None:
    """Raise ``InputError`` for an entry that the mode or a rule of its ε does not accept.

    ``axes``: what a tuning decides; ``in_study``: whether the entry may have ``OF_STUDY``.
    """
    mode, axes = entry["mode"], axes or {}
    for key in () if in_study else OF_STUDY:
        if key in entry:
            raise InputError(f"{key} is not accepted here; leave it out")
    for key in axes:
        if key in entry:
            raise InputError(f"{key} is given and tuned; leave one out")
    about = registry.describe("modes", mode)
    takes = registry.takes_epsilon(mode)
    for key in OF_SAMPLES:
        _check_of_samples(key, {**entry, **axes})
    given = [key for key in entry if key not in OF_ENTRY]
    given += [key for key in axes if key in (*about.required, *about.optional)]
    if "match" in entry:
        _check_matching(entry, given)
        given += registry.matches(mode)
        _check_entry(entry["match"], rules)
    registry.check_settings("modes", mode, given, OF_ENTRY)
    if any(key in entry.get("match", ()) for key in OF_SAMPLES):
        raise InputError(f"match: {' and '.join(OF_SAMPLES)} are not accepted in a match")
    for key, value in entry.items():
        if isinstance(value, list) and len(set(value)) < len(value):
            double, _ = Counter(value).most_common(1)[0]
            raise InputError(f"{key}: duplicate {double!r}; each value is accepted once")
    if takes and "epsilon" not in {**entry, **axes}:
        raise InputError(
            f"{mode} needs epsilon: a number > 0, a step rule's name, or a list of them"
        )
    if not takes and "epsilon" in entry:
        raise InputError(f"epsilon: {mode} takes no epsilon; leave it out")
    asked = entry.get("epsilon", axes.get("epsilon", []))
    for name in asked if isinstance(asked, list) else [asked]:
        if isinstance(name, str) and name not in rules:
            raise InputError(
                f"epsilon: {name!r} is not defined under epsilon_rules; "
                f"{near(name, rules)}accepted: a number > 0, "
                f"{', '.join(rules) or 'no rule'}"
            )


def _check_of_samples(key: str, entry: Mapping[str, Any]) -> None:
    stated = entry.get(key, [])
    for value in stated if isinstance(stated, list) else [stated]:
        if value not in OF_SAMPLES[key]:
            told = f"{near(value, OF_SAMPLES[key])}accepted: {', '.join(OF_SAMPLES[key])}"
            raise InputError(f"{key} is {value!r}; {told}")


def _check_training(
    config: Mapping[str, Any], study: Mapping[str, Any], entry: Mapping[str, Any]
) -> None:
    """What an entry, or a tuning, changes of its study's training can be done."""
    if "tune" in entry and "tune" not in study:
        raise InputError("tune is accepted in studies that have tune with the seeds to choose on")
    training = {**config["training"], **study.get("training", {}), **study.get("budget", {})}
    length = next(iter(study.get("budget", ["steps"])))
    others = {"steps", *BUDGETS} - {length}
    varied = {**entry.get("training", {}), **entry.get("tune", study.get("tune", {}))}
    for key in {**entry.get("training", {}), **varied}:
        if key in others or (key in entry.get("training", {}) and key not in OF_TRAINING):
            able = [name for name in OF_TRAINING if name not in others]
            raise InputError(
                f"training.{key} cannot differ within this study; {near(key, able)}"
                f"accepted: {', '.join(able)}"
            )
    least = min(config["datasets"][name]["points"] for name in study["datasets"])
    for key, stated in varied.items():
        for value in (
            (stated if isinstance(stated, list) else [stated]) if key in OF_TRAINING else ()
        ):
            error = _broken({key: value}, "training")
            if error is not None:
                raise InputError(words.explained(error, f"training.{key}"))
            if key == "batch" and value > least:
                raise InputError(f"training.batch={value} is more than a data set's {least} points")
    steps = varied.get("steps", training["steps"])
    fewest = min(steps) if isinstance(steps, list) else steps
    if length == "steps" and training["snapshots"] > fewest:
        raise InputError(
            f"training.snapshots={training['snapshots']} is more than training.steps={fewest}; at "
            "most one a step is accepted"
        )


def _check_tuning(config: Mapping[str, Any], study: Mapping[str, Any]) -> None:
    """Tries are on seeds of their own; where the study has axes, every entry has as many."""
    for key in study["tune"]:
        if key not in (*OF_TRAINING, "seeds"):
            raise InputError(
                f"{key} is no key of training; {near(key, OF_TRAINING)}accepted: seeds, "
                f"{', '.join(OF_TRAINING)}; give settings and epsilon as tune of an entry"
            )
    counts = set()
    used = {**config["seeds"], **study.get("seeds", {})}
    own = study["tune"]["seeds"]
    for entry in study["modes"]:
        axes = entry.get("tune", {k: v for k, v in study["tune"].items() if k != "seeds"})
        modes = [entry["mode"]] if "mode" in entry else [entry[p]["mode"] for p in PLAYERS]
        for key in axes:
            if not any(key in OF_TRAINING or _takes(mode, key) for mode in modes):
                raise InputError(f"{'+'.join(modes)} takes no {key}; leave it out")
        counts.add(math.prod(map(len, axes.values())))
        told = {**used, **entry.get("seeds", {})}
        if own["first"] < told["first"] + told["count"] and told["first"] < sum(own.values()):
            raise InputError(
                f"seeds {own['first']} to {sum(own.values()) - 1} share some with the study's, "
                f"{told['first']} to {told['first'] + told['count'] - 1}; accepted: seeds that no "
                "run that counts has"
            )
    if counts == {1}:
        raise InputError(
            "seeds are given, but nothing to choose on them; accepted: lists for keys of training "
            "here, or for settings and epsilon as tune of an entry"
        )
    if len(counts) > 1 and len(study["tune"]) > 1:
        raise InputError(
            f"entries have {' and '.join(map(str, sorted(counts)))} tries; accepted: as many for "
            "every mode"
        )


def _takes(mode: str, key: str) -> bool:
    about = registry.describe("modes", mode)
    own = registry.takes_epsilon(mode) if key == "epsilon" else key in OF_SAMPLES
    return own or key in (*about.required, *about.optional)


def _check_baseline(study: Mapping[str, Any]) -> None:
    """It is a mode, or a pair of modes, of the study."""
    pairs = [[e["mode"]] if "mode" in e else [e[p]["mode"] for p in reversed(PLAYERS)]
             for e in study["modes"]]  # fmt: skip
    names = ["+".join(dict.fromkeys(pair)) for pair in pairs]
    if study["baseline"] not in names:
        raise InputError(
            f"baseline is {study['baseline']!r}, which the study does not have; accepted: "
            f"{', '.join(dict.fromkeys(names))}"
        )


def _check_matching(entry: Mapping[str, Any], given: list[str]) -> None:
    mode = entry["mode"]
    if not registry.matches(mode):
        able = [name for name in registry.names("modes") if registry.matches(name)]
        raise InputError(f"match: {mode} cannot be matched; accepted: {', '.join(able)}")
    for key in registry.matches(mode):
        if key in given:
            raise InputError(f"{mode}: {key} and match are both given; leave one out")
    if "match" in entry["match"]:
        raise InputError("match: a control cannot be matched with a matched control")


def jobs_of(config: Mapping[str, Any]) -> int:
    """Cells, tries too, and probed or played entries of a config; none of them is made for it."""
    total = sum(_points(entry) for entry in config["dirac"]["modes"])
    for _, user in _users(config):
        places = len(user["datasets"]) * len(user["models"]) * len(user["losses"])
        for entry in user["modes"]:
            jobs = 1
            if "name" in user:
                told = {**config["seeds"], **user.get("seeds", {}), **entry.get("seeds", {})}
                axes = entry.get("tune", user.get("tune", {}))
                axes = {key: values for key, values in axes.items() if key != "seeds"}
                tried = _points(axes) if axes else 0
                jobs = (_blocks(**told) + tried) * _points(entry.get("training", {}))
            total += places * jobs * _points(entry)
    return total


def _points(entry: Mapping[str, Any]) -> int:
    """Combinations of an entry: of its lists, and of the entries within it."""
    own = [len(value) for value in entry.values() if isinstance(value, list)]
    inner = [_points(entry[key]) for key in (*PLAYERS, "match") if key in entry]
    return math.prod(own + inner)


def _blocks(first: int, count: int, block: int) -> int:
    return (first + count - 1) // block - first // block + 1
