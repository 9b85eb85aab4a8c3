"""One small file that stands for all the source files a stage depends on.

Snakemake follows every input of every job by itself: forty source files a job were most of its
work, and of its log. A stamp holds their digests and has the time of the newest, so that it counts
as changed when, and only when, one of them does.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

from approxgan.storage import code_inputs
from approxgan.storage import files as record

FOLDER = Path("results/code")


def of(stage: str, **variants: str | list[str]) -> str:
    """Path of the stamp of a stage with these variants, brought up to date; see `sources.stage`."""
    names = tuple((f, (n,) if isinstance(n, str) else tuple(n)) for f, n in variants.items())
    return _stamp(stage, tuple((family, tuple(sorted(set(name)))) for family, name in names))


@cache
def _stamp(stage: str, variants: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    about = " ".join([stage, *(f"{family}={','.join(names)}" for family, names in variants)])
    files = [Path(name) for name in code_inputs.stage(stage, **{f: list(n) for f, n in variants})]
    lines = [f"{_digest(file)}  {file.relative_to(code_inputs.PACKAGE)}" for file in files]
    path = FOLDER / f"{stage}-{hashlib.sha256(about.encode()).hexdigest()[:8]}.txt"
    text = "\n".join([f"# {about}", *lines, ""])
    newest = max(file.stat().st_mtime_ns for file in files)
    if not path.is_file() or path.stat().st_mtime_ns != newest or path.read_text() != text:
        with record.replacing(path) as temporary:
            temporary.write_text(text)
            os.utime(temporary, ns=(newest, newest))
    return str(path)


@cache
def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
