"""Figures as parts of the page, with the title and caption that travel in their files."""

from __future__ import annotations

import base64
import struct
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from approxgan.core.errors import InputError

VECTOR_LIMIT = 700_000
"""Bytes above which a figure is shown by its pixels, to keep the page small."""
DUBLIN = "{http://purl.org/dc/elements/1.1/}"


LONG = 1.3
"""Height ÷ width above which a figure may run over several printed pages."""


def figure(folder: Path, name: str) -> dict[str, Any]:
    """The picture as a data address. Raises ``InputError`` for a missing or damaged file."""
    vector, pixels = folder / f"{name}.svg", folder / f"{name}.png"
    for path in (vector, pixels):
        if not path.is_file():
            raise InputError(f"{path}: the report needs this figure, and there is no such file")
    title, caption = _described(vector)
    use_vector = vector.stat().st_size <= min(VECTOR_LIMIT, 4 * pixels.stat().st_size)
    path, kind = (vector, "svg+xml") if use_vector else (pixels, "png")
    data = base64.b64encode(path.read_bytes()).decode()
    title = title or name.replace("_", " ")
    return {
        "name": name,
        "title": title,
        "caption": caption,
        "alt": f"{title}. {caption.partition('. ')[0]}",
        "long": _slenderness(pixels) > LONG,
        "source": f"data:image/{kind};base64,{data}",
    }


def _slenderness(path: Path) -> float:
    """Height ÷ width, from the head of a PNG file."""
    width, height = struct.unpack(">II", path.read_bytes()[16:24])
    return height / width


def _described(path: Path) -> tuple[str, str]:
    """Title and description in an SVG's metadata; empty where it has none."""
    try:
        tree = ElementTree.fromstring(path.read_bytes())
    except ElementTree.ParseError as error:
        raise InputError(f"{path}: not a readable SVG file ({error})") from error
    texts = [tree.findtext(f".//{DUBLIN}{name}") for name in ("title", "description")]
    return texts[0] or "", texts[1] or ""
