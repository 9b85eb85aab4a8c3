"""Templates of pages and texts: one environment, with what all of them say numbers and names by."""

import base64
import hashlib
from pathlib import Path

import jinja2

from approxgan.analysis import text


def environment(folder: Path) -> jinja2.Environment:
    """Of the templates in a folder; all but ``.md.j2`` are escaped. A missing name is an error."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=lambda name: not (name or "").endswith(".md.j2"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "number": text.number,
        "words": text.words,
        "initial": text.initial,
        "md": text.markdown,
        "sha256": sha256,
    }
    found.globals |= {"interval": text.interval}
    return found


def sha256(source: str) -> str:
    """The hash that alone allows a style or script of a page to run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"
