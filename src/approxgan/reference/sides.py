"""A run that is put beside another: a folder of results, a reference file, or a pack."""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from approxgan.analysis import frames
from approxgan.analysis.frames import GROUP
from approxgan.core.errors import InputError
from approxgan.design.paths import MANIFEST, TABLES, Results
from approxgan.storage import files, packs, provenance
from approxgan.storage.tables import CLAIMS, table_in

CELL = [*GROUP, *frames.CELL]
HEADLINE = [*CELL, "mean", "error", "scored", "runs"]
VERDICT = [name for name in CLAIMS if name not in ("datasets", "cells", "note")]
NUMBERS = (
    *("bound", "effect", "low", "high", "mode_value", "other_value", "error", "freedom"),
    *("p", "p_holm"),
)
NEEDED = ("claims", "quality")
"""Tables that are compared."""


@dataclass(frozen=True)
class Side:
    """What is compared of a run."""

    name: str
    metric: str
    """Name of the number that decides."""
    cells: pd.DataFrame
    """``HEADLINE``: per cell the mean of that number at the end, its standard error and runs."""
    verdicts: pd.DataFrame
    runs: pd.DataFrame | None = None
    """The number of every run, with its seed; None of a reference, which has means alone."""
    made: Mapping[str, str] | None = None
    """Versions, commit and machine, by name, as far as they are known."""
    config: Mapping[str, Any] | None = None


def read(path: Path) -> Side:
    """Raises ``InputError`` for what is no run, or a damaged one."""
    if path.is_dir():
        return _folder(path)
    files.check_file(path)
    if zipfile.is_zipfile(path) or path.suffix == ".zip":
        return _pack(path)
    if path.suffix == ".json":
        with files.reading(path, "reference"):
            return of_reference(files.read_json(path), str(path))
    raise InputError(
        f"{path}: not a run; accepted: a folder of results, a reference (.json), or a pack (.zip)"
    )


def _folder(path: Path) -> Side:
    at = Results(path)
    if not at.tables.is_dir():
        raise InputError(f"{path}: not a folder of results: it has no {at.tables.name}/")
    config = files.read_json(at.config)["config"] if at.config.is_file() else None
    made = provenance.told(provenance.counts(provenance.found(path)))
    return of_tables(str(path), {n: table_in(at.tables, n) for n in NEEDED}, made, config)


def _pack(path: Path) -> Side:
    with packs.opened(path, [f"{TABLES}/{name}.parquet" for name in NEEDED]) as folder:
        about = files.read_json(folder / MANIFEST)
        made = provenance.told(about["made_with"])
        tables = {name: table_in(folder / TABLES, name) for name in NEEDED}
        return of_tables(str(path), tables, made, about["config"])


def of_tables(
    name: str,
    tables: Mapping[str, pd.DataFrame],
    made: Mapping[str, str] | None = None,
    config: Mapping[str, Any] | None = None,
) -> Side:
    """From a run's tables, those that are ``NEEDED``."""
    runs = frames.final(frames.primary(frames.tidy(tables["quality"])))
    metrics = sorted(runs["metric"].unique())
    if len(metrics) != 1:
        raise InputError(
            f"{name}: {len(metrics)} numbers decide in the table quality; one is accepted"
        )
    judged = tables["claims"][VERDICT]
    return Side(name, metrics[0], headline(runs), judged, runs, made, config)


def headline(runs: pd.DataFrame) -> pd.DataFrame:
    """Per cell the mean of the deciding number at the last step, its standard error and runs."""
    values = runs.groupby(CELL, dropna=False)["value"]
    found = values.agg(mean="mean", error="sem", scored="count", runs="size").reset_index()
    return found.sort_values(CELL, ignore_index=True)


def of_reference(known: Mapping[str, Any], name: str) -> Side:
    """From what ``reference.stage.of`` gives."""
    made, metric = known["made"], known["metric"]
    about = {
        **made["versions"],
        "commit": made["commit"],
        "processor": made["machine"]["processor"],
    }
    cells = frames.tidy(_rows(known, "cells", HEADLINE))
    numbers = dict.fromkeys(("mean", "error", "scored", "runs"), float)
    return Side(name, str(metric), cells.astype(numbers), verdicts(known), made=about)


def verdicts(known: Mapping[str, Any]) -> pd.DataFrame:
    """The rows of a reference's verdicts, with numbers as numbers."""
    return _rows(known, "verdicts", VERDICT).astype(dict.fromkeys(NUMBERS, float))


def _rows(known: Mapping[str, Any], part: str, columns: list[str]) -> pd.DataFrame:
    """One part of a reference. Raises ``InputError`` for what is none."""
    try:
        return pd.DataFrame(known[part])[columns]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"the reference's {part!r} are not rows with {', '.join(columns)}; make one with: "
            "approxgan reference"
        ) from error
