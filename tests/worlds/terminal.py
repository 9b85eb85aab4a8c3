"""A program in a terminal, and the screens that a person would have seen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Callable
from pathlib import Path

UP = re.compile(r"\x1b\[(\d+)F\x1b\[J")
COLOUR = re.compile(r"\x1b\[\d*m")


def call(
    command: list[str | Path],
    folder: Path,
    seen: Callable[[str, subprocess.Popen[bytes]], object] = lambda screen, process: None,
    columns: int = 100,
    rows: int = 24,
) -> tuple[int, list[str]]:
    """Its exit status and its screens, one a change; ``seen`` is handed each with the process."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdin=its,
        stdout=its,
        stderr=its,
        env={**environment, "TERM": "xterm"},
        start_new_session=True,
    )
    os.close(its)
    said, screens = "", [""]
    while True:
        try:
            more = os.read(ours, 65536)
        except OSError:  # Linux says so that nobody has the terminal open any more
            break
        if not more:
            break
        said += more.decode()
        screens.append(shown(said))
        seen(screens[-1], process)
    os.close(ours)
    return process.wait(), screens


def shown(said: str) -> str:
    """What stands on an endless terminal that understands what the program writes."""
    said = COLOUR.sub("", said.replace("\r\n", "\n"))
    lines, place = [""], 0
    for found in [*UP.finditer(said), None]:
        first, *rest = said[place : found.start() if found else None].split("\n")
        lines = [*lines[:-1], lines[-1] + first, *rest]
        if found:
            place = found.end()
            lines = [*lines[: -1 - int(found[1])], ""]
    return "\n".join(lines)
