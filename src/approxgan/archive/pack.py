"""A finished run as one file: tables, figures, pages, config and manifest."""

from pathlib import Path

import yaml

from approxgan.core.errors import InputError
from approxgan.design.paths import CONFIG, CRATE, MANIFEST, Results
from approxgan.storage import files, packs

MAKE = "make it with: approxgan manifest"


def write(at: Results, path: Path) -> tuple[int, int]:
    """Write the pack; its number of files and its bytes.

    Raises ``InputError`` where the manifest is missing or tells of other files than there are.
    """
    if path.is_dir():
        raise InputError(f"{path}: a folder; accepted: the name of a file")
    if not at.manifest.is_file():
        raise InputError(f"{at.manifest}: no such file; {MAKE}")
    manifest = files.read_json(at.manifest)
    members = {MANIFEST: files.read_whole(at.manifest), CRATE: files.read_whole(at.crate)}
    members[CONFIG] = yaml.safe_dump(_plain(manifest["config"]), allow_unicode=True).encode()
    for name, about in manifest["files"].items():
        members[name] = files.read_whole(at.root / name)
        if packs.digest(members[name]) != about:
            raise InputError(f"{at.manifest}: tells of another {name} than there is; {MAKE}")
    packs.write(path, members)
    return len(members), path.stat().st_size


def _plain(value: object) -> object:
    """YAML writes no mappings but plain ones."""
    if isinstance(value, dict):
        return {key: _plain(own) for key, own in value.items()}
    return [_plain(own) for own in value] if isinstance(value, list) else value
