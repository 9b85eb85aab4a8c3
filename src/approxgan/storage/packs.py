"""Packs: files of a run in one zip, whose bytes depend on the files alone.

The manifest among them has the digest of every other one, by which damage is found.
"""

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from approxgan.core.errors import InputError
from approxgan.design.paths import MANIFEST
from approxgan.storage import files

FIRST_DATE = (1980, 1, 1, 0, 0, 0)
"""The date of every member: the first that a zip can tell."""
READABLE = 0o644 << 16
LARGEST = 2**31
"""Bytes of a member that is read."""


def digest(data: bytes) -> dict[str, Any]:
    """What a manifest says of a file."""
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def write(path: Path, members: Mapping[str, bytes]) -> None:
    """A zip of these members, sorted by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(members):
            about = zipfile.ZipInfo(name, FIRST_DATE)
            about.compress_type, about.external_attr = zipfile.ZIP_DEFLATED, READABLE
            archive.writestr(about, members[name], compresslevel=6)
    files.write_bytes(path, buffer.getvalue())


@contextmanager
def opened(path: Path, names: Iterable[str]) -> Iterator[Path]:
    """A folder with these members and the manifest, for as long as the block lasts.

    Raises ``InputError`` for what is no pack, and for members with another digest.
    """
    with tempfile.TemporaryDirectory() as held:
        folder = Path(held)
        with files.reading(path, "pack"), zipfile.ZipFile(path) as archive:
            manifest = _member(path, archive, MANIFEST)
            told = json.loads(manifest).get("files", {})
            files.write_bytes(folder / MANIFEST, manifest)
            for name in names:
                found = _member(path, archive, name)
                if digest(found) != told.get(name):
                    raise InputError(f"{path}: {name} is not the file that {MANIFEST} tells of")
                files.write_bytes(folder / name, found)
        yield folder


def _member(path: Path, archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        about = archive.getinfo(name)
    except KeyError:
        raise InputError(f"{path}: has no {name}; accepted: what approxgan pack makes") from None
    if about.file_size > LARGEST:
        raise InputError(f"{path}: {name} has {about.file_size} bytes; at most {LARGEST} are read")
    return archive.read(about)
