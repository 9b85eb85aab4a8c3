"""Which of several processes may write into a cell's run folder: the one that began last.

A job can outlive the Snakemake that submitted it, on another machine, and meet its successor. A
lock would be refused by some shared file systems and stay behind with a dead machine on others.
So whoever begins leaves a mark in the folder, and looks whether it is still there before it
writes: a successor takes over at once, and its predecessor stops at its next checkpoint.

It then waits for the successor's end: a Snakemake whose job fails, or ends without its files,
removes the files of that name, whoever has made them.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from pathlib import Path

from approxgan.core.errors import InputError
from approxgan.storage import files

MARK, CHECKPOINT, LAST = ".writer", "checkpoint.npz", "spec.json"
"""The writer's mark, and the files that a run keeps writing and writes last."""
PATIENCE, PAUSE = 600.0, 2.0
"""Seconds without a sign of life, a checkpoint, after which a successor counts as dead; and between
two looks at it."""


class Superseded(Exception):
    """Another process has begun to train the cell."""


class Writer:
    """This process' right to write into ``folder``, from now on."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / MARK
        self._mark = f"{socket.gethostname()} {os.getpid()} {uuid.uuid4().hex}\n"
        files.write_text(self._path, self._mark)

    def check(self) -> None:
        """Raises ``Superseded`` if another process has begun since."""
        if not self._ours():
            raise Superseded

    def end(self) -> None:
        """Take the mark away, and what killed predecessors left half written."""
        if self._ours():
            self._path.unlink()
            files.remove_leftovers(self._path.parent)

    def _ours(self) -> bool:
        # A mark that is gone was a successor's that has finished.
        try:
            return self._path.read_text() == self._mark
        except FileNotFoundError:
            return False


def wait_for_successor(folder: Path, patience: float = PATIENCE, pause: float = PAUSE) -> None:
    """Until the run is there, whole. Raises ``InputError`` if who makes it seems to have died."""
    signs: list[int] = []
    heard = time.monotonic()
    while (folder / MARK).exists() or not (folder / LAST).exists():
        found = [p.stat().st_mtime_ns for p in (folder / MARK, folder / CHECKPOINT) if p.exists()]
        if found != signs:
            signs, heard = found, time.monotonic()
        if time.monotonic() - heard > patience:
            raise InputError(
                f"{folder}: another process began to train this cell, and has written nothing for "
                f"{patience:.0f} s; train it again"
            )
        time.sleep(pause)
