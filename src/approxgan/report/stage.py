"""Tables and figures as one HTML page that loads nothing from anywhere, and the same in words."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml
from markupsafe import Markup

from approxgan.analysis import frames, text
from approxgan.claims import summary
from approxgan.design.paths import SUMMARY, Results
from approxgan.report import cells, interactive, scope, steps, verdicts
from approxgan.report.svg import figure
from approxgan.storage import files, provenance
from approxgan.storage.tables import COLUMNS, read_table

HERE = Path(__file__).parent
NEEDS = (
    "claims", "outcomes", "quality", "cost", "gradient_error", "dirac", "samples", "data",
    "training",
)  # fmt: skip
OPTIONAL = ("comparisons", "aggregates")
SCRIPTS = ("tables", "picker")
PLACED = {"dirac": "dirac", "epsilon_rules": "steps"}
"""Figures that stand in another section than the one of figures."""
LITERAL = {
    "article_formula": (
        "the article's printed formula taken literally. It swaps the roles: the generator "
        "minimises the discriminator's classification loss, and the discriminator maximises it."
    ),
    "article_code": (
        "the article's listing taken literally. L_G = mean(−D(real)) does not depend on the "
        "generator: its gradient is exactly zero, and the generator never moves. "
        "L_D = mean(logits on real) has no lower bound: the discriminator can lower it without "
        "end and without telling real from generated points."
    ),
}


def stage(config: Mapping[str, Any], results: Path) -> None:
    """Write ``results``/report.html and summary.md from the tables and figures beside them."""
    names = list(config["figures"]["names"])
    at = Results(results)
    write(at.tables, at.figures, names, dict(config), provenance.versions(), at.page)


def write(
    tables_dir: Path,
    figures_dir: Path,
    figures: Sequence[str],
    config: Mapping[str, Any],
    versions: Mapping[str, str],
    out: Path,
) -> None:
    """The page, and beside it the summary.

    Raises ``InputError`` naming a table or figure that is missing.
    """
    tables = _tables(tables_dir)
    jobs = provenance.found(out.parent)
    shown = {name: figure(figures_dir, name) for name in figures}
    context = {
        **_findings(tables, shown, config),
        "figures": shown,
        "columns": COLUMNS,
        "config": yaml.safe_dump(_plain(config), sort_keys=False, allow_unicode=True),
        "rules": config.get("claims", {}),
        "versions": versions,
        "jobs": len(jobs),
        "differing": provenance.differing([*jobs, provenance.record(None)]),
        "machine": provenance.about() | {"commit": provenance.commit() or "not told"},
        "citation": _citation(versions.get("approxgan", "")),
    }
    environment = _environment()
    summary = environment.get_template("summary.md.j2").render(context)
    page = environment.get_template("page.html.j2").render(context | _inline())
    files.write_text(out, page)
    files.write_text(out.with_name(SUMMARY), summary)


def _tables(folder: Path) -> dict[str, pd.DataFrame]:
    paths = {name: folder / f"{name}.parquet" for name in (*NEEDS, *OPTIONAL)}
    tables = {
        name: read_table(path, COLUMNS[name])
        for name, path in paths.items()
        if name in NEEDS or path.is_file()
    }
    return {
        name: frames.tidy(table) if "mode" in table else table for name, table in tables.items()
    }


def _findings(
    tables: Mapping[str, pd.DataFrame], figures: Mapping[str, Any], config: Mapping[str, Any]
) -> dict[str, Any]:
    """What the tables say, by the names that the templates use."""
    outcomes, claims = tables["outcomes"], summary.claims(tables["claims"])
    best = steps.best(tables["gradient_error"])
    return {
        "claims": claims,
        "links": verdicts.links(figures),
        "modes": summary.modes(claims),
        "readings": summary.READINGS,
        "answer": summary.answer(claims),
        "sentences": {mode: summary.sentence(claims, mode) for mode in summary.modes(claims)},
        "value": summary.value,
        "strip_of": verdicts.strip,
        "limits": scope.limits(tables, claims, config),
        "facts": scope.facts(outcomes),
        "literal": {k: v for k, v in LITERAL.items() if (outcomes["loss"] == k).any()},
        "dirac": steps.dirac(tables["dirac"]),
        "best": best,
        "advice": steps.advice(best),
        "placed": {name: place for name, place in PLACED.items() if name in figures},
        **interactive.score(tables["quality"]),
        "cells": cells.cells(tables),
        "compared": "comparisons" in tables,
        "aggregates": cells.aggregates(tables.get("aggregates")),
        "metrics": cells.metrics(tables["quality"]),
        "picker": interactive.data(tables, summary.modes(claims)),
        "methods": scope.methods(outcomes),
        "seeds": scope.seeds(outcomes, config),
        "cost": scope.cost(tables),
    }


def _inline() -> dict[str, Any]:
    """Style and scripts with the hashes that alone allow them to run."""
    style = (HERE / "assets" / "style.css").read_text(encoding="utf-8")
    scripts = [(HERE / "assets" / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    return {
        "style": Markup(style),
        "scripts": [Markup(script) for script in scripts],
        "style_hash": _hash(style),
        "script_hashes": [_hash(script) for script in scripts],
    }


def _hash(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=lambda name: not (name or "").endswith(".md.j2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": text.number,
        "words": text.words,
        "initial": text.initial,
        "slug": lambda name: str(name).replace(" ", "-"),
        "md": text.markdown,
        "embedded": interactive.embedded,
        "sortable": text.sortable,
    }
    environment.globals |= {"interval": text.interval}
    return environment


def _plain(value: Any) -> Any:
    """Mappings and sequences of any kind as those that YAML writes."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _citation(version: str) -> dict[str, str]:
    """What CITATION.cff says, from the package's own metadata."""
    try:
        about = importlib.metadata.metadata("approxgan")
    except importlib.metadata.PackageNotFoundError:
        about = {}
    known = {name: about[name] for name in ("Summary", "License-Expression") if name in about}
    return {
        "title": "approxgan: GAN training with approximate gradients",
        "author": "The approxgan authors",
        "version": version,
        "summary": known.get("Summary", ""),
        "licence": known.get("License-Expression", ""),
    }
