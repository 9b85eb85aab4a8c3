"""What was run, on what, at what cost, and what that leaves unsaid."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from approxgan.analysis.frames import Tables
from approxgan.analysis.text import between, listed, number, settings, spans, words
from approxgan.claims.plain import Line
from approxgan.claims.summary import Part
from approxgan.claims.verdict import LACK
from approxgan.config import registry
from approxgan.core.protocols import Player
from approxgan.report.cells import KEY

Config = Mapping[str, Any]
SIDES: tuple[tuple[Player, int], ...] = (("generator", 0), ("discriminator", 1))
"""Of settings that each player has: whose, and where in the list."""
HOUR = 3600.0
NAMED = {"dataset": "data sets", "model": "models", "loss": "losses", "mode": "gradient modes"}
SEEDED = {
    "dirac": "the Dirac-GAN's directions",
    "quality": "true samples that generated ones are compared with",
    "claims": "bootstrap and sign flips",
}
"""Blocks of the config with seeds of their own, and what these are for."""


def facts(outcomes: pd.DataFrame) -> list[tuple[str, str, str]]:
    """(number, what, which) of what was run."""
    epsilons = outcomes["epsilon"].dropna().unique()
    failed = int(outcomes["diverged"].sum())
    cells = len(outcomes[KEY].drop_duplicates())
    found = [
        (number(len(outcomes)), "training runs", f"{number(failed)} of them diverged"),
        (number(cells), "cells of the grid", f"{between(_seeds(outcomes))} seeds in each"),
    ]
    for name, text in NAMED.items():
        names = sorted(outcomes[name].unique())
        found.append((number(len(names)), text, "; ".join(map(words, names))))
    found.append((number(len(epsilons)), "steps ε", f"{between(epsilons)}, in parameter units"))
    found.append((between(outcomes["steps"].unique()), "training steps a run", ""))
    return found


def _seeds(outcomes: pd.DataFrame) -> list[int]:
    return list(outcomes.groupby(KEY, dropna=False)["seed"].nunique())


def seeds(outcomes: pd.DataFrame, config: Config) -> list[tuple[str, str]]:
    """(where, which seeds)."""
    studies = outcomes.groupby("study")["seed"].unique()
    used = {f"study {words(study)}": own for study, own in studies.items()}
    for number_, probe in enumerate(config.get("probes", []), 1):
        used[f"probe {number_}"] = probe.get("seeds", [])
    for name, text in SEEDED.items():
        block = config.get(name, {})
        used[text] = block.get("seeds", [block["seed"]] if "seed" in block else [])
    return [(where, spans(own)) for where, own in used.items() if len(own)]


def missing(lines: Sequence[Line], outcomes: pd.DataFrame, config: Config) -> str:
    """What an incomplete run lacks for its claims, once; nothing where all have data."""
    short = [line.claim for line in lines if line.row["reason_code"] == LACK]
    few, least = max(_seeds(outcomes), default=0), config.get("claims", {}).get("least_seeds", 0)
    if short and few < least:
        return f"A claim needs {least} seeds of each cell. These runs have {few} at most."
    return f"Data lack for {listed(short)}." if short else ""


def lacking(found: Sequence[Part]) -> dict[str, list[str]]:
    """What is missing -> the measures that lack it."""
    told: dict[str, list[str]] = {}
    for part in found:
        for claim in part.claims:
            for row in claim.every():
                if row["reason_code"] == LACK:
                    what = f"{claim.name}: {row['what']}"
                    known = told.setdefault(row["note"], [])
                    known += [what] * (what not in known)
    return told


def cost(tables: Tables) -> list[dict[str, Any]]:
    """Jobs, runs, hours and memory by study, and of all."""
    studies, jobs = tables["outcomes"]["study"], tables["cost"]
    return [
        {
            "study": study,
            "jobs": len(own),
            "runs": int(studies.isin(own["study"]).sum()),
            "core_hours": own["cpu_seconds"].sum() / HOUR,
            "hours": own["seconds"].sum() / HOUR,
            "memory": own["peak_memory_mb"].max(),
        }
        for study, own in [*jobs.groupby("study"), ("all", jobs)]
    ]


def limits(tables: Tables, found: Sequence[Part], config: Config) -> list[tuple[str, str]]:
    """(subject, what the numbers do not show)."""
    outcomes, jobs = tables["outcomes"], tables["cost"]
    if outcomes.empty:
        return [("Nothing was run", "there are no numbers.")]
    models, sets = (sorted(outcomes[name].unique()) for name in ("model", "dataset"))
    networks = listed(_network(name, config.get("models", {}).get(name, {})) for name in models)
    rows = [row for part in found for row in part.rows()]
    judged = {name for row in rows for name in row["datasets"].split(", ")}
    on = listed(words(name) for name in sets if name in judged)
    rest = f"; the verdicts rest on {on}" if on else ""
    few = config.get("claims", {}).get("least_seeds", 0)
    left = f"; comparisons with fewer than {few} in common are left out of the verdicts"
    compiled = int(jobs["sweep"].str.contains("compiled|direct").sum())
    swept = (
        f" ({number(compiled)} of {number(len(jobs))} jobs swept coordinates with compiled code)"
    )
    own = sorted(set(outcomes.loc[outcomes["tuned"] != "", "study"]))
    tuned = (
        f"in {listed(map(words, own))} each mode was tuned on other seeds, over the values in the "
        "table tuning and no others; elsewhere "
    ) * bool(own)
    told = {
        "Networks": f"only {networks}: nothing on other kinds or sizes.",
        "Data": f"only {listed(map(words, sets))}{rest}.",
        "Seeds": f"{between(_seeds(outcomes))} to a cell{left if few else ''}. An interval speaks "
        "of other seeds, not of other data or networks.",
        "Tuning": f"{tuned}modes share the optimiser, learning rate and number of steps of their "
        "study.",
        "Machine": "seconds and memory are those of this program on the machine that ran it"
        f"{swept if compiled else ''}; counts of evaluations are not.",
    }
    if rows:
        names = list(dict.fromkeys(str(row["mode"]) for row in rows))
        others = outcomes.loc[~outcomes["mode"].isin([*names, "exact"]), "mode"].nunique()
        shown = f"; {others} further modes are shown and not judged" if others else ""
        told["Verdicts"] = (
            f"{len(rows)} verdicts on {listed(map(words, names))}, corrected for their number "
            f"(Holm){shown}."
        )
    return list(told.items())


def _network(name: str, model: Mapping[str, Any]) -> str:
    """'compact (dense; hidden G 32–32, D 32)', as far as the config tells."""
    widths = ", ".join(
        f"{letter} {'–'.join(map(str, model[player]))}"
        for letter, player in (("G", "generator"), ("D", "discriminator"))
        if isinstance(model.get(player), Sequence)
    )
    inside = [str(model["kind"])] if "kind" in model else []
    inside += [f"hidden {widths}"] if widths else []
    return words(name) + (f" ({'; '.join(inside)})" if inside else "")


def methods(outcomes: pd.DataFrame) -> list[dict[str, Any]]:
    """A row per gradient mode that ran: what it is, and with which settings and steps."""
    used = pd.concat([_used(outcomes, *side) for side in SIDES])
    rows = []
    for name in sorted(used["mode"].unique(), key=lambda name: (name != "exact", name)):
        own = used[used["mode"] == name]
        known = name in registry.names("modes")
        rows.append(
            {
                "mode": name,
                "what": registry.describe("modes", name).summary if known else "",
                "settings": sorted({told for told in own["told"] if told}),
                "steps": [number(e) for e in sorted(own["epsilon"].dropna().unique())],
                "runs": own["run"].nunique(),
            }
        )
    return rows


def _used(outcomes: pd.DataFrame, player: Player, place: int) -> pd.DataFrame:
    """A row per run: its number, and the player's mode, ε and settings in words."""
    found = [json.loads(own or "{}") for own in outcomes["own_settings"]]
    sides = [own[place] if isinstance(own, list) else own for own in found]
    return pd.DataFrame(
        {
            "run": range(len(outcomes)),
            "mode": outcomes[f"{player}_mode"].astype(str).to_numpy(),
            "epsilon": pd.to_numeric(outcomes[f"{player}_epsilon"]).to_numpy(float),
            "told": [", ".join(settings(json.dumps(own))) for own in sides],
        }
    )
