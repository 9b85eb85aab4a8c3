"""How often the tests kill what they started, and how."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
LEVELS = ("the whole group", "Snakemake alone", "one job")


def kills(usual: int) -> int:
    """How often to kill; ``make test-all`` asks for more."""
    return int(os.environ.get("APPROXGAN_KILLS", usual))


class Run:
    """One call of Snakemake on two cores, in a process group of its own that its jobs are in."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        handle, name = tempfile.mkstemp(suffix=".log", dir=folder)
        self._log = Path(name)
        self.process = subprocess.Popen(
            [Path(sys.executable).parent / "snakemake", "--cores", "2", *arguments],
            cwd=folder,
            stdout=handle,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        os.close(handle)

    def said(self) -> str:
        return self._log.read_text()

    def living(self) -> Iterator[psutil.Process]:
        """Every process of the group, those that outlived Snakemake too."""
        for process in psutil.process_iter():
            try:
                if os.getpgid(process.pid) == self.process.pid and _runs(process):
                    yield process
            except (ProcessLookupError, psutil.NoSuchProcess):
                continue

    def jobs(self) -> list[psutil.Process]:
        """Stages at work, but the check of the config before them."""
        stages = ((process, _words(process)[2:4]) for process in self.living())
        return [p for p, words in stages if words[:1] == ["approxgan"] and words[1:] != ["check"]]

    def kill(self, level: str, sent: signal.Signals, chance: random.Random) -> bool:
        """Whether there was something to send the signal to: a job may not be."""
        if level == "the whole group":
            os.killpg(self.process.pid, sent)
        elif level == "Snakemake alone":
            self.process.send_signal(sent)
        else:
            jobs = self.jobs()
            try:
                chance.choice(jobs).send_signal(sent)
            except (IndexError, psutil.NoSuchProcess):
                return False
        return True

    def end(self) -> None:
        """Kill whatever is left."""
        for process in self.living():
            process.kill()
        self.process.wait()


class Runs:
    """Calls of Snakemake in one folder, all with these arguments and others."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self._arguments = arguments
        self.begun: list[Run] = []

    def start(self, *arguments: str) -> Run:
        self.begun.append(Run(self.folder, *arguments, *self._arguments))
        return self.begun[-1]

    def finish(self, *arguments: str) -> None:
        run = self.start(*arguments)
        assert run.process.wait() == 0, run.said()[-3000:]

    def locked(self) -> bool:
        return any((self.folder / ".snakemake" / "locks").glob("*"))

    def end(self) -> None:
        for run in self.begun:
            run.end()


def _runs(process: psutil.Process) -> bool:
    return process.status() != psutil.STATUS_ZOMBIE


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
