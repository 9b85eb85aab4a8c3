"""What each stage needs of the config: the workflow's params, and what a person's call reads.

A stage gets no more than it uses, so that a change elsewhere in the config does not rerun it.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from approxgan.config import registry
from approxgan.core.errors import InputError
from approxgan.core.protocols import PLAYERS
from approxgan.core.settings import near
from approxgan.design import cells as grid
from approxgan.design.cells import JUDGING

Config = Mapping[str, Any]
WATCHING = ("trace_every", "snapshots", "samples")
"""Keys of ``training`` that say what is kept of a run."""
PROBED = ("gradient_error", "layer_error", "probe_points")
OF_GUESTS = ("guests", "guest_samples")
DRAWN = ("samples", "evolution", "data", "images")
"""Tables of points to draw: made by the datasets' own views."""
GATHERED = (
    *PROBED,
    *DRAWN,
    "tuning",
    "training",
    "outcomes",
    "quality",
    "quality_null",
    "cost",
    "dirac",
    *OF_GUESTS,
)
"""Tables that are collected from the results of cells, probes and games."""
OF_CLAIMS_ALONE = (
    *("modes", "losses", "own_experiment", "probe_dtype", "never_runs"),
    *("speed_margin", "rate_margin", "spread_margin", "cost_margin"),
)
"""Keys of ``claims`` that the tables comparisons and aggregates do not look at."""
NOT_OF_CLAIMS = ("probe_dtype", "resamples", "exploratory_resamples", "seed")
"""Those that the table claims does not look at."""


def _pick(kind: str, found: Mapping[str, Any], name: str) -> Any:
    if name not in found:
        some = ", ".join([*list(found)[:5], *(["..."] if len(found) > 5 else [])])
        raise InputError(
            f"{name!r} is not a {kind} of this config; {near(name, found)}it has "
            f"{len(found)}: {some}"
        )
    return found[name]


def data(config: Config, dataset: str) -> Any:
    return dict(_pick("dataset", config["datasets"], dataset))


def train(config: Config, cell: str) -> dict[str, Any]:
    return grid.spec(config, _pick("cell", grid.trained(config), cell))


def tune(config: Config, name: str, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The tries of a tuning with their cells' specs, how they are scored, and by which number the
    best one is chosen.

    ``known`` are all tunings of the config; without them they are listed here.
    """
    tries = _pick("tuning", grid.tunings(config) if known is None else known, name)
    study, dataset = name.split("/")[:2]
    number, metric, better = _deciding(config, study)
    scored = {"metrics": {metric: config["quality"]["metrics"][metric]}, "every_snapshot": []}
    return {
        "tries": [
            {**one, "cells": {n: grid.spec(config, cell) for n, cell in one["cells"].items()}}
            for one in tries
        ],
        "dataset": dataset,
        "quality": {**quality(config), **scored},
        "number": number,
        "better": better,
    }


def runs(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Specs of all runs of a tuning's spec."""
    return [run for one in spec["tries"] for run in one["cells"].values()]


def _deciding(config: Config, study: str) -> tuple[str, str, str]:
    """The number that decides in a study, the metric that gives it, and which way is better."""
    wanted = grid.deciding(config["claims"], study)
    for name in config["quality"]["metrics"]:
        directions = registry.describe("metrics", name).constants["directions"]
        if wanted in directions:
            return wanted, name, directions[wanted]
    raise InputError(f"claims: {wanted!r} is no number of the metrics under quality")


def variants(*trained: Mapping[str, Any]) -> dict[str, list[str]]:
    """What training by these specs loads by name, by family."""
    defined = [spec["definitions"] for spec in trained]
    return {
        "modes": [spec[player]["mode"] for spec in trained for player in PLAYERS],
        "rules": [rule for one in defined for rule in one["rules"]],
        "losses": [one["loss"]["kind"] for one in defined],
        **kinds(models=[one["model"] for one in defined]),
    }


def tried(spec: Mapping[str, Any]) -> dict[str, list[str]]:
    """What training and scoring the tries of a tuning's spec loads by name, by family."""
    defined = [run["definitions"] for run in runs(spec)]
    made = {f"{key}s": [one[key] for one in defined] for key in ("model", "dataset")}
    return {**variants(*runs(spec)), **kinds(**made), "metrics": list(spec["quality"]["metrics"])}


def kinds(**definitions: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """What definitions, by family, load by name, by family: generators of their own too."""
    found = {family: list(some) for family, some in definitions.items()}
    own = [generator["kind"] for some in found.values() for generator in _generators(some)]
    return {**{f: [one["kind"] for one in some] for f, some in found.items()}, "generators": own}


def programs(*definitions: Mapping[str, Any]) -> list[str]:
    """Files in the commands of programs that make samples: what they do decides the results."""
    commands = [generator.get("command", ()) for generator in _generators(definitions)]
    return [word for words in commands for word in words if Path(word).is_file()]


def _generators(definitions: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those with a kind of their own, and those within them."""
    given = [definition.get("generator") for definition in definitions]
    made = [generator for generator in given if isinstance(generator, Mapping)]
    return [one for g in made for one in (g, g.get("of")) if isinstance(one, Mapping)]


def quality(config: Config) -> dict[str, Any]:
    """By what cells are scored."""
    return {key: config["quality"][key] for key in ("seed", "metrics", "every_snapshot")}


def guest(config: Config, *datasets: str) -> dict[str, Any]:
    """By what guests of these data sets, or of all, are scored."""
    sizes = grid.scored(config)
    return {
        **{key: config["quality"][key] for key in ("seed", "metrics")},
        "definitions": {name: data(config, name) for name in datasets or sizes},
        "sizes": {name: sizes[name] for name in datasets or sizes},
    }


def null(config: Config, dataset: str, samples: int) -> dict[str, Any]:
    """What a perfect generator's ``samples`` samples are scored by."""
    without = {k: v for k, v in config["quality"].items() if k != "every_snapshot"}
    return {**without, "definition": data(config, dataset), "samples": samples}


def points(config: Config, name: str) -> dict[str, Any]:
    """What a probe's trajectory depends on."""
    return _at(_pick("probe", grid.probes(config), name))


def probe_mode(config: Config, name: str, mode: str) -> dict[str, Any]:
    """How one mode is measured at a probe's points."""
    found = _pick("probe", grid.probes(config), name)
    entries = _pick("mode", grid.probe_modes(found), mode)
    used = grid.rules_of(*(choice for entry in entries for choice in grid.choices_of(entry)))
    made = _at(found, "dtypes", "draws")
    rules = {rule: config["epsilon_rules"][rule] for rule in used}
    return {**made, "modes": entries, "definitions": {**made["definitions"], "rules": rules}}


def describe(config: Config, name: str) -> dict[str, Any]:
    """What theory needs of a probe's points."""
    return _at(_pick("probe", grid.probes(config), name), "dtypes", "curvature")


def _at(probe: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """What a probe's points depend on, and these further keys."""
    own = (
        "dataset",
        "model",
        "loss",
        "steps",
        "seeds",
        *keys,
        *(["path"] if "path" in probe else []),
    )
    unread = (*JUDGING, *WATCHING)
    return {
        **{key: probe[key] for key in own},
        "training": {k: v for k, v in probe["training"].items() if k not in unread},
        "definitions": {k: v for k, v in probe["definitions"].items() if k != "rules"},
    }


def dirac(config: Config, mode: str) -> dict[str, Any]:
    """The Dirac-GAN with the entries of one mode alone."""
    return {**config["dirac"], "modes": _pick("mode", grid.probe_modes(config["dirac"]), mode)}


def collect(
    config: Config,
    table: str,
    counted: Iterable[str] | None = None,
    guests: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What names the files that a table is gathered from, and what it needs to know of them.

    What decided the files' contents is left out: a change there makes the files again, and the
    table with them. ``counted`` are the folders of all cells that count; without them they are
    listed here. ``guests`` are those that were added -> their data sets; without them the stage
    takes all that have scores.
    """
    if table in OF_GUESTS:
        used = grid.scored(config) if guests is None else dict.fromkeys(guests.values())
        told = {"guests": None if guests is None else list(guests)}
        if table == "guests":
            metrics = sorted(config["quality"]["metrics"])
            return {**told, "metrics": metrics, "metric": config["claims"]["metric"]}
        points = {"points": config["figures"]["points"]}
        return {**told, **points, "datasets": {name: data(config, name) for name in used}}
    if table == "dirac":
        return {"modes": list(grid.probe_modes(config["dirac"]))}
    if table == "tuning":
        return {"tunings": list(grid.tunings(config))}
    if table in PROBED:
        probes = grid.probes(config)
        if table == "probe_points":
            return {"probes": list(probes)}
        named = {name: list(grid.probe_modes(probe)) for name, probe in probes.items()}
        chooses = {"probe_dtype": config["claims"]["probe_dtype"]}
        return {"probes": named, **(chooses if table == "gradient_error" else {})}
    if table == "quality_null":
        return {"scored": grid.scored(config)}
    used = {name: config["datasets"][name] for name in grid.used_datasets(config)}
    counted = grid.cells(config) if counted is None else counted
    cells = {} if table == "data" else {"cells": list(counted)}
    if table == "outcomes":
        return {**cells, "judging": {s["name"]: _judging(config, s) for s in config["studies"]}}
    if table == "quality":
        metrics = sorted(config["quality"]["metrics"])
        return {**cells, "metrics": metrics, "metric": config["claims"]["metric"]}
    if table not in DRAWN:
        return cells
    points = {} if table == "images" else {"points": config["figures"]["points"]}
    return {**cells, **points, "datasets": used}


def _judging(config: Config, study: Mapping[str, Any]) -> dict[str, Any]:
    """What a study's finished traces are judged by."""
    training = grid.training_of(config, study)
    return {key: training[key] for key in JUDGING}


def claims(config: Config) -> dict[str, Any]:
    return {k: v for k, v in config["claims"].items() if k not in NOT_OF_CLAIMS}


def comparisons(config: Config) -> dict[str, Any]:
    """With the studies that are compared with another mode than the claims are."""
    baselines = grid.baselines(config)
    own = {"baselines": baselines} if baselines else {}
    return {**{k: v for k, v in config["claims"].items() if k not in OF_CLAIMS_ALONE}, **own}


def figure(config: Config) -> dict[str, Any]:
    return {"dpi": config["figures"]["dpi"]}


def report(config: Config) -> dict[str, Any]:
    """All but the limits, which change no result."""
    return {key: value for key, value in config.items() if key != "limits"}
