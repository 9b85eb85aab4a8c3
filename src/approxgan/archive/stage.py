"""What a finished run is, for whoever finds its files: the manifest and its RO-Crate metadata."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from approxgan import __version__
from approxgan.archive import crate
from approxgan.design.paths import Results
from approxgan.storage import files, guests, packs, provenance
from approxgan.storage.tables import COLUMNS, table_in

WHAT = (
    "Results of approxgan, an experiment on training generative adversarial networks with "
    "approximate gradients: tables, figures and a report."
)


def stage(config: Mapping[str, Any], at: Results) -> None:
    """Write the manifest of these results, and the same as RO-Crate metadata.

    Raises ``InputError`` naming a table, figure or page that is missing or damaged.
    """
    names = {str(path.relative_to(at.root)): path for path in made(config, at)}
    digests = {name: packs.digest(files.read_whole(path)) for name, path in sorted(names.items())}
    tables = [path for path in names.values() if path.parent == at.tables]
    newest = max(path.stat().st_mtime for path in tables)
    manifest = {
        "what": WHAT,
        "approxgan": __version__,
        "commit": provenance.commit(),
        "date": datetime.fromtimestamp(newest, UTC).date().isoformat(),
        "made_with": provenance.counts(provenance.found(at.root)),
        "config": dict(config),
        "files": digests,
    }
    files.write_json(at.manifest, manifest)
    files.write_json(at.crate, crate.metadata(manifest))


def made(config: Mapping[str, Any], at: Results) -> Iterator[Path]:
    """Every table, figure and page that the workflow makes of a config."""
    yield from (at.table(name, kind) for name in COLUMNS for kind in ("csv", "parquet"))
    named = guests.figures(config["figures"]["names"], bool(len(table_in(at.tables, "guests"))))
    yield from (at.figure(name, kind) for name in named for kind in ("png", "svg"))
    yield from (at.page, at.summary)
