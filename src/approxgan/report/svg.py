"""Figures as parts of the page, with the title and caption that travel in their files."""

from __future__ import annotations

import base64
import struct
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from approxgan.core.errors import InputError
from approxgan.storage.files import MAKE

VECTOR_LIMIT = 700_000
"""Bytes above which a figure is shown by its pixels, to keep the page small."""
DUBLIN = "{http://purl.org/dc/elements/1.1/}"
PNG_START, PNG_END = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"IEND\xaeB`\x82"
LONG = 1.3
"""Height ÷ width above which a figure may run over several printed pages."""


def figure(folder: Path, name: str) -> dict[str, Any]:
    """The picture as a data address. Raises ``InputError`` for a missing or damaged file."""
    vector, pixels = folder / f"{name}.svg", folder / f"{name}.png"
    for path in (vector, pixels):
        if not path.is_file():
            raise InputError(f"{path}: the report needs this figure, and there is no such file")
    drawn, raster = vector.read_bytes(), pixels.read_bytes()
    title, caption = _described(vector, drawn)
    slenderness = _slenderness(pixels, raster)
    use_vector = len(drawn) <= min(VECTOR_LIMIT, 4 * len(raster))
    data, kind = (drawn, "svg+xml") if use_vector else (raster, "png")
    title = title or name.replace("_", " ")
    return {
        "name": name,
        "title": title,
        "caption": caption,
        "alt": f"{title}. {caption.partition('. ')[0]}",
        "long": slenderness > LONG,
        "source": f"data:image/{kind};base64,{base64.b64encode(data).decode()}",
    }


def _slenderness(path: Path, data: bytes) -> float:
    """Height ÷ width of a PNG file (ISO/IEC 15948: the header holds both in bytes 16 to 24)."""
    width, height = struct.unpack(">II", data[16:24].ljust(8, b"\0"))
    if not (data.startswith(PNG_START) and data.endswith(PNG_END) and width and height):
        raise InputError(f"{path}: no whole PNG file; {MAKE}")
    return height / width


def _described(path: Path, data: bytes) -> tuple[str, str]:
    """Title and description in an SVG's metadata; empty where it has none."""
    try:
        tree = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise InputError(f"{path}: not a readable SVG file ({error}); {MAKE}") from error
    texts = [tree.findtext(f".//{DUBLIN}{name}") for name in ("title", "description")]
    return texts[0] or "", texts[1] or ""
