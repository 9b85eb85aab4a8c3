"""Figures as parts of the page, with the title and caption that travel in their files."""

import base64
import gzip
import io
import re
import struct
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from approxgan.analysis.text import words
from approxgan.config import registry
from approxgan.design.paths import Results
from approxgan.storage import files

VECTOR_LIMIT = 300_000
"""Bytes above which a figure is shown by its pixels, to keep the page small."""
COLOURS = 256
"""Of those pixels: an octree keeps rare ones, such as a thin line's."""
DUBLIN = "{http://purl.org/dc/elements/1.1/}"
LONG = 1.3
"""Height ÷ width above which a figure may run over several printed pages."""
PIXELS = 96 / 72
"""Of a screen in a point."""
SAFE = " !$&'()*+,-./:;<=>?@[]^_`{|}~"
"""What needs no escape in a data address that stands in double quotes and is escaped as HTML."""
METADATA = re.compile(r"<metadata>.*?</metadata>|<!--.*?-->", re.DOTALL)
PLACES = re.compile(r"""(?:\b(?:d|x|y|x1|x2|y1|y2|points)="[^"]*")|(?:translate\([^)]*\))""")
DECIMALS = re.compile(r"-?\d+\.\d{3,}")


def figure(at: Results, name: str) -> dict[str, Any]:
    """The picture as a data address. Raises ``InputError`` for a missing or damaged file."""
    path = at.figure(name, "svg")
    drawn, raster = files.read_whole(path), files.read_whole(at.figure(name, "png"))
    with files.reading(path, "SVG file"):
        tree = ElementTree.fromstring(drawn)
    title, caption = (
        tree.findtext(f".//{DUBLIN}{part}") or "" for part in ("title", "description")
    )
    title = title or words(name)
    # The header of a PNG file holds both in bytes 16 to 24 (ISO/IEC 15948).
    width, height = struct.unpack(">II", raster[16:24])
    vector = small(drawn.decode())
    source = f"data:image/svg+xml,{quote(vector, safe=SAFE)}"
    by_pixels = len(vector) > VECTOR_LIMIT
    return {
        "name": name,
        "title": title,
        "caption": caption,
        "alt": f"{title}. {caption.partition('. ')[0]}",
        "long": height > LONG * width,
        "width": round(_points(tree.get("width"), width) * PIXELS),
        "height": round(_points(tree.get("height"), height) * PIXELS),
        "needs": _stated(name, "needs"),
        "claims": _stated(name, "claims"),
        "source": _pixels(raster) if by_pixels else source,
        "vector": packed(vector) if by_pixels else "",
    }


def packed(text: str) -> str:
    """Gzip in base64: letters that can stand in any element, the same each time."""
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def _pixels(raster: bytes) -> str:
    """The same picture of few colours, as a data address."""
    out = io.BytesIO()
    found = PngImageFile(io.BytesIO(raster)).convert("RGB")
    few = found.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(out, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def small(drawn: str) -> str:
    """The same picture without comments and metadata, and places to a hundredth of a point."""

    def rounded(places: re.Match[str]) -> str:
        return DECIMALS.sub(lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), places[0])

    return " ".join(PLACES.sub(rounded, METADATA.sub("", drawn)).split()).replace('"', "'")


def _points(length: str | None, pixels: int) -> float:
    """Of '720pt'; pixels stand for themselves where nothing is told."""
    found = re.match(r"[\d.]+", length or "")
    return float(found[0]) if found else pixels


def _stated(name: str, key: str) -> Sequence[str]:
    """What the figure's file says; nothing of a figure that is no file here."""
    known = name in registry.names("figures")
    return registry.describe("figures", name).constants.get(key, ()) if known else ()
