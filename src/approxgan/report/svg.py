"""Figures as parts of the page, with the title and caption that travel in their files."""

import base64
import struct
from typing import Any
from xml.etree import ElementTree

from approxgan.analysis.text import words
from approxgan.design.paths import Results
from approxgan.storage import files

VECTOR_LIMIT = 700_000
"""Bytes above which a figure is shown by its pixels, to keep the page small."""
DUBLIN = "{http://purl.org/dc/elements/1.1/}"
LONG = 1.3
"""Height ÷ width above which a figure may run over several printed pages."""


def figure(at: Results, name: str) -> dict[str, Any]:
    """The picture as a data address. Raises ``InputError`` for a missing or damaged file."""
    vector = at.figure(name, "svg")
    drawn, raster = files.read_whole(vector), files.read_whole(at.figure(name, "png"))
    with files.reading(vector, "SVG file"):
        tree = ElementTree.fromstring(drawn)
    title, caption = (
        tree.findtext(f".//{DUBLIN}{part}") or "" for part in ("title", "description")
    )
    title = title or words(name)
    # The header of a PNG file holds both in bytes 16 to 24 (ISO/IEC 15948).
    width, height = struct.unpack(">II", raster[16:24])
    use_vector = len(drawn) <= min(VECTOR_LIMIT, 4 * len(raster))
    data, kind = (drawn, "svg+xml") if use_vector else (raster, "png")
    return {
        "name": name,
        "title": title,
        "caption": caption,
        "alt": f"{title}. {caption.partition('. ')[0]}",
        "long": height > LONG * width,
        "source": f"data:image/{kind};base64,{base64.b64encode(data).decode()}",
    }
