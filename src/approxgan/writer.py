"""Which of several processes may write into a cell's run folder: the one that began last.

A job can outlive the Snakemake that submitted it, on another machine, and meet its successor. A
lock would be refused by some shared file systems and stay behind with a dead machine on others.
So whoever begins leaves a mark in the folder, and looks whether it is still there before it
writes: a successor takes over at once, and its predecessor ends at its next checkpoint.
"""

from __future__ import annotations

import os
import socket
import uuid
from pathlib import Path

from approxgan import record
from approxgan.core import InputError


class Writer:
    """This process' right to write into ``folder``, from now on."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / ".writer"
        self._mark = f"{socket.gethostname()} {os.getpid()} {uuid.uuid4().hex}\n"
        record.write_text(self._path, self._mark)

    def check(self) -> None:
        """Raises ``InputError`` if another process has begun since."""
        if not self._ours():
            raise InputError(
                f"{self._path.parent}: another process has begun to train this cell; this one "
                "ends and writes nothing more"
            )

    def end(self) -> None:
        """Take the mark away, and what killed predecessors left half written."""
        if self._ours():
            self._path.unlink()
            record.remove_leftovers(self._path.parent)

    def _ours(self) -> bool:
        # A mark that is gone was a successor's that has finished.
        try:
            return self._path.read_text() == self._mark
        except FileNotFoundError:
            return False
