"""SVG files of half the size: a page that holds twenty of them must load at once."""

import base64
import io
import re

import numpy as np
from matplotlib.image import imread
from PIL import Image

PLACES = re.compile(rb' (?:d|x|y)="[^"]*"|translate\([^)]*\)')
DECIMALS = re.compile(rb"(\.\d\d)\d+")
MINUS_NOTHING = re.compile(rb"-0(?:\.0+)?(?![.\d])")
"""A layout is solved up to rounding, which decides the sign of a zero otherwise."""
NAMED = re.compile(rb'<g id="[^"]*"')
COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
PIXELS = re.compile(rb"(data:image/png;base64,)\s*([^\"]*)")
COLOURS = 64
"""Of a picture inside: clouds of points in two colours, with soft edges."""


def svg(drawn: bytes) -> bytes:
    """The same picture: places to a hundredth of a point, few colours in pixels, no comments."""
    drawn = PLACES.sub(lambda found: MINUS_NOTHING.sub(b"0", DECIMALS.sub(rb"\1", found[0])), drawn)
    # Only glyphs, marks and clips are referred to by their names, and no group is one of these.
    drawn = NAMED.sub(b"<g", COMMENT.sub(b"", drawn))
    drawn = PIXELS.sub(lambda found: found[1] + _few_colours(found[2]), drawn)
    return re.sub(rb"\s*\n\s*", b"\n", drawn.replace(b"DejaVuSans-", b"D-"))


def _few_colours(png: bytes) -> bytes:
    pixels = np.atleast_3d(imread(io.BytesIO(base64.b64decode(png)), format="png"))
    image = Image.fromarray((255 * pixels).round().astype(np.uint8).squeeze()).convert("RGBA")
    found, out = image.getcolors(COLOURS), io.BytesIO()
    # Pictures of few colours keep all of them: tables and grey pixels.
    few = image if found else image.quantize(COLOURS, method=Image.Quantize.FASTOCTREE)
    few.save(out, format="png", optimize=True)
    return base64.b64encode(out.getvalue()) if out.tell() < len(png) * 3 / 4 else png
