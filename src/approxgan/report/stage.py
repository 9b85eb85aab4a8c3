"""Tables and figures as one HTML page that loads nothing from anywhere, and the same in words."""

import importlib.metadata
import json
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml
from markupsafe import Markup

from approxgan.analysis import frames, templates, text
from approxgan.analysis.frames import Tables
from approxgan.claims import plain, summary
from approxgan.claims.verdict import LACK
from approxgan.design.paths import Results
from approxgan.report import (
    cells,
    explore,
    guests,
    no_gradient,
    picture,
    scope,
    steps,
    verdicts,
)
from approxgan.report.svg import figure
from approxgan.storage import files, provenance
from approxgan.storage import guests as stored
from approxgan.storage.tables import COLUMNS, table_in

HERE = Path(__file__).parent
NEEDS = (
    "claims", "outcomes", "quality", "cost", "gradient_error", "dirac", "samples", "data",
    "training",
)  # fmt: skip
OPTIONAL = (
    "comparisons", "aggregates", "epsilon_rules", "no_gradient", "noise_laws",
    "guests", "quality_null",
)  # fmt: skip
SCRIPTS = ("page.js", "plot.js", "tables.js", "run.js", "views.js", "ask.js")
"""In the order in which they need each other."""


def stage(
    config: Mapping[str, Any], results: Path, versions: Mapping[str, str] | None = None
) -> None:
    """Write ``results``/report.html and summary.md from the tables and figures beside them.

    ``versions`` are those of this environment where none are given. Raises ``InputError`` naming
    a table or figure that is missing.
    """
    at, jobs = Results(results), provenance.found(results)
    tables = _tables(at)
    versions = provenance.versions() if versions is None else versions
    invited = guests.rows(tables)
    shown = {n: figure(at, n) for n in stored.figures(config["figures"]["names"], bool(invited))}
    # YAML writes no mappings but plain ones.
    plain = json.loads(json.dumps(config))
    context = {
        **_findings(tables, shown, config, results),
        "scripts": SCRIPTS,
        "figures": shown,
        "guests": invited,
        "columns": COLUMNS,
        "config": yaml.safe_dump(plain, sort_keys=False, allow_unicode=True),
        "rules": config.get("claims", {}),
        "versions": versions,
        "jobs": len(jobs),
        "differing": provenance.differing([*jobs, provenance.record(None)]),
        "machine": provenance.about() | {"commit": provenance.commit() or "not told"},
        "about": _about(),
    }
    environment = _environment()
    for template, out in (("summary.md.j2", at.summary), ("page.html.j2", at.page)):
        files.write_text(out, environment.get_template(template).render(context))


def _tables(at: Results) -> dict[str, pd.DataFrame]:
    there = [name for name in OPTIONAL if at.table(name).is_file()]
    return {name: frames.tidy(table_in(at.tables, name)) for name in (*NEEDS, *there)}


def _findings(
    tables: Tables, figures: Mapping[str, Any], config: Mapping[str, Any], results: Path
) -> dict[str, Any]:
    """What the tables say, by the names that the templates use."""
    outcomes, parts = tables["outcomes"], summary.parts(tables["claims"])
    best = steps.best(frames.with_gradient(tables["gradient_error"]))
    lines = plain.lines(parts)
    places = explore.places(outcomes)
    first = picture.made(tables, plain.modes(parts), config.get("claims", {}))
    return {
        "parts": parts,
        "answer": plain.answer(parts),
        "missing": scope.missing(lines, outcomes, config),
        "lines": lines,
        "evidence": verdicts.evidence(lines),
        "picture": first,
        "data": explore.embedded(explore.data(tables, results, config, first.get("study", ""))),
        "links": verdicts.links(figures),
        "asked": verdicts.asked,
        "lack": LACK,
        "lacking": scope.lacking(parts),
        "value": summary.value,
        "strip_of": verdicts.strip,
        "limits": scope.limits(tables, parts, config),
        "facts": scope.facts(outcomes),
        "losses": set(outcomes["loss"]),
        "dirac": steps.dirac(tables["dirac"]),
        "best": best,
        "advice": steps.advice(best),
        "landed": cells.landed(tables.get("epsilon_rules"), outcomes, places),
        **explore.score(tables["quality"]),
        "told": cells.told(outcomes),
        "cells": cells.cells(tables, places),
        "compared": "comparisons" in tables,
        "baseline": _baseline(config.get("claims", {})),
        "blind": no_gradient.section(
            tables.get("no_gradient"), tables.get("noise_laws"), outcomes, places
        ),
        "aggregates": cells.aggregates(tables.get("aggregates"), places),
        "metrics": cells.metrics(tables["quality"], places),
        "methods": scope.methods(outcomes),
        "seeds": scope.seeds(outcomes, config),
        "cost": scope.cost(tables),
    }


def _baseline(rules: Mapping[str, Any]) -> str:
    """What cells are compared with, in words."""
    return "the baseline of its study" if rules.get("baselines") else rules.get("baseline", "exact")


def _about() -> Mapping[str, Any]:
    """What CITATION.cff says too, from the package's metadata; nothing if it is not installed."""
    with suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.metadata("approxgan").json
    return {}


def _asset(name: str) -> Markup:
    return Markup((HERE / "assets" / name).read_text(encoding="utf-8"))


def _environment() -> jinja2.Environment:
    environment = templates.environment(HERE / "templates")
    environment.filters |= {
        "most_common": lambda values: next(iter(Counter(values).most_common(1)), ("", 0))[0],
        "slug": lambda name: str(name).replace(" ", "-"),
        "sortable": text.sortable,
    }
    environment.globals |= {"asset": _asset}
    return environment
