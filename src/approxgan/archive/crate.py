"""A manifest as RO-Crate metadata 1.1 (https://www.researchobject.org/ro-crate/1.1/).

Written without the library rocrate: it would add an HTTP client to the workflow for one file of
plain JSON-LD, and it stamps entries with the time of writing. It reads this file.
"""

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from approxgan.design.paths import CRATE, MANIFEST, PAGE
from approxgan.storage.tables import COLUMNS

FORMATS = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
SOFTWARE, MADE = "#approxgan", "#made"
Entity = dict[str, Any]


def metadata(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """JSON-LD: the data set, its files, the program, and the act that made them."""
    described = [_file(name, about) for name, about in manifest["files"].items()]
    described.append({**_typed(MANIFEST), "name": "digests, config and versions"})
    return {
        "@context": "https://w3id.org/ro/crate/1.1/context",
        "@graph": [*_whole(manifest, described), *described],
    }


def _whole(manifest: Mapping[str, Any], described: list[Entity]) -> Iterator[Entity]:
    yield {
        "@id": CRATE,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }
    parts = [{"@id": entity["@id"]} for entity in described]
    yield {
        "@id": "./",
        "@type": "Dataset",
        "name": "Results of approxgan",
        "description": manifest["what"],
        "datePublished": manifest["date"],
        "hasPart": parts,
        "mainEntity": {"@id": PAGE},
        "mentions": {"@id": MADE},
    }
    yield {
        "@id": SOFTWARE,
        "@type": "SoftwareApplication",
        "name": "approxgan",
        "softwareVersion": " at commit ".join(
            filter(None, (manifest["approxgan"], manifest["commit"]))
        ),
        "license": {"@id": "https://spdx.org/licenses/MIT"},
    }
    yield {
        "@id": MADE,
        "@type": "CreateAction",
        "name": "snakemake",
        "instrument": {"@id": SOFTWARE},
        "object": {"@id": MANIFEST},
        "result": parts[:-1],
    }


def _file(name: str, about: Mapping[str, Any]) -> Entity:
    path = PurePath(name)
    kind = {".csv": "table", ".parquet": "table"}.get(path.suffix, "figure")
    told = f"{kind} {path.stem}" if path.parent.name else "the report"
    columns = COLUMNS.get(path.stem, {}) if kind == "table" else {}
    more = {"description": f"columns: {', '.join(columns)}"} if columns else {}
    return {**_typed(name), "name": told, "contentSize": str(about["bytes"]), **more}


def _typed(name: str) -> Entity:
    return {"@id": name, "@type": "File", "encodingFormat": FORMATS[PurePath(name).suffix]}
