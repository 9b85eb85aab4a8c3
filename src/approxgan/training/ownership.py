"""Which of several processes may write into a cell's run folder: the one that began last.

A job can outlive the Snakemake that submitted it, and meet its successor. Locks do not work on
some shared file systems, and a dead machine may leave one behind. So a process leaves a mark in the
folder when it begins, and checks the mark before it writes. A successor takes over at once, and its
predecessor stops at its next checkpoint.

The predecessor then waits until the successor ends. If its job failed or ended without files, its
Snakemake would remove the successor's files. It succeeds only if both had the same spec.
"""

import json
import os
import socket
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from approxgan.core.errors import InputError
from approxgan.design.paths import CHECKPOINT, SPEC, WRITER
from approxgan.storage import files

PATIENCE, PAUSE = 600.0, 2.0
"""Seconds without a sign of life, a checkpoint, after which a successor counts as dead; and between
two looks at it."""


class Superseded(Exception):
    """Another process has begun to train the cell."""


class Writer:
    """This process' right to write into ``folder``, from now on."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / WRITER
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
            return self._path.read_text("utf-8") == self._mark
        except FileNotFoundError:
            return False


def is_training(folder: Path, patience: float = PATIENCE) -> bool:
    """Whether a process that seems to live trains into ``folder``.

    One of this machine runs; one of another has given a sign of life in ``patience`` seconds.
    """
    try:
        host, process, _ = (folder / WRITER).read_text("utf-8").rsplit(maxsplit=2)
        signs = [p.stat().st_mtime for p in (folder / WRITER, folder / CHECKPOINT) if p.exists()]
    except (OSError, ValueError):
        return False
    if host != socket.gethostname():
        return time.time() - max(signs) < patience
    try:
        os.kill(int(process), 0)
    except PermissionError:
        return True
    except (OSError, ValueError, OverflowError):
        return False
    return True


def wait_for_successor(
    folder: Path, spec: Mapping[str, Any], patience: float = PATIENCE, pause: float = PAUSE
) -> None:
    """Until the run is there, whole.

    Raises ``InputError`` if who makes it seems to have died, if the folder was removed, and if what
    was made there is not what ``spec`` says.
    """
    while (folder / WRITER).exists():
        if not is_training(folder, patience):
            raise InputError(
                f"{folder}: another process began to train this cell and died, or wrote nothing "
                f"for {patience:.0f} s; train it again"
            )
        time.sleep(pause)
    if not (folder / SPEC).exists():
        raise InputError(f"{folder} was removed while this cell was trained; train it again")
    found = {k: v for k, v in files.read_json(folder / SPEC).items() if k in spec}
    # The file also has what a tuning or a budget decided.
    if {**found, "chosen": {}} != {**json.loads(json.dumps(spec)), "chosen": {}}:
        raise InputError(
            f"{folder}: another process has trained this cell with another config; train it again"
        )
