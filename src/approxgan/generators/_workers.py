"""Copies of a command that answer calls: each takes parameters and draws, and gives samples."""

import atexit
import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import numpy as np

SHOWN = 300
"""Letters of what a program printed that a message shows."""


class Failed(Exception):
    """Why a call has no samples."""


class Worker(ABC):
    """One copy of the command; one call at a time."""

    def __init__(self, command: Sequence[str], seconds: float) -> None:
        self.command, self.seconds = list(command), seconds

    @abstractmethod
    def call(self, parameters: np.ndarray, draws: np.ndarray) -> np.ndarray:
        """Parameters [n, P] and draws [n, W] -> samples [n, dim], as the program gave them.

        Raises ``Failed``.
        """

    def end(self) -> None:  # noqa: B027 most have nothing
        """Stop what still runs."""

    def start(self, *words: str, stdin: int, stdout: int, errors: int) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [*self.command, *words], stdin=stdin, stdout=stdout, stderr=errors,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise Failed(f"cannot be started: {error}") from error

    @contextmanager
    def limited(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        """Kill the process, and all that it started, when its time is over; ``Failed`` if so."""
        over = threading.Event()

        def end() -> None:
            over.set()
            stop(process)

        timer = threading.Timer(self.seconds, end)
        timer.start()
        try:
            yield
        except (OSError, ValueError, Failed):
            if not over.is_set():
                raise
        finally:
            timer.cancel()
        if over.is_set():
            process.wait()
            raise Failed(f"no answer in {self.seconds:g} s; it was stopped")


def stop(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


class Lines(Worker):
    """The command runs on and reads a line of JSON for each call from its standard input."""

    process: subprocess.Popen[bytes] | None = None

    def call(self, parameters: np.ndarray, draws: np.ndarray) -> np.ndarray:
        if self.process is None:
            self.errors = tempfile.TemporaryFile()  # noqa: SIM115 until ``end``
            self.process = self.start(
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, errors=self.errors.fileno()
            )
        asked = {"parameters": parameters.tolist(), "draws": draws.tolist()}
        try:
            with self.limited(self.process):
                answer = self._answer(self.process, json.dumps(asked).encode() + b"\n")
            return _samples(answer)
        except Failed:
            self.end()
            raise

    def end(self) -> None:
        if self.process is None:
            return
        stop(self.process)
        self.process.wait()
        for file in (self.process.stdin, self.process.stdout, self.errors):
            assert file is not None
            with suppress(BrokenPipeError):
                file.close()
        self.process = None

    def _answer(self, process: subprocess.Popen[bytes], line: bytes) -> bytes:
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.write(line)
            process.stdin.flush()
        answer = process.stdout.readline()
        if not answer.endswith(b"\n"):
            raise Failed(ended(process, self.errors))
        return answer


class Files(Worker):
    """The command is started for each call with three names of .npy files: it reads parameters
    and draws, and writes samples."""

    def call(self, parameters: np.ndarray, draws: np.ndarray) -> np.ndarray:
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as errors:
            names = [str(Path(folder, f"{n}.npy")) for n in ("parameters", "draws", "samples")]
            np.save(names[0], parameters)
            np.save(names[1], draws)
            process = self.start(
                *names, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, errors=errors.fileno()
            )
            with self.limited(process):
                if process.wait() != 0:
                    raise Failed(ended(process, errors))
            try:
                return np.load(names[2], allow_pickle=False)
            except (OSError, ValueError, EOFError) as error:
                raise Failed(f"no readable samples.npy: {error}") from error


KINDS = {"json": Lines, "npy": Files}


def ended(process: subprocess.Popen[bytes], errors) -> str:
    """How a process ended, and the last line that it printed for people."""
    errors.seek(0)
    lines = errors.read().decode(errors="replace").strip().splitlines()
    said = f": {lines[-1][:SHOWN]}" if lines else ""
    return f"it ended with status {process.wait()}{said}"


def _samples(answer: bytes) -> np.ndarray:
    try:
        return np.array(json.loads(answer)["samples"], dtype=np.float64)
    except (ValueError, KeyError, TypeError) as error:
        shown = answer[:SHOWN].decode(errors="replace").strip()
        raise Failed(f"its answer is no JSON map with samples, but {shown!r}") from error


class Pool:
    """So many workers, and threads that wait for them."""

    def __init__(self, kind: str, command: Sequence[str], seconds: float, workers: int) -> None:
        self._workers = [KINDS[kind](command, seconds) for _ in range(workers)]
        self._free: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        for worker in self._workers:
            self._free.put(worker)
        self._threads = ThreadPoolExecutor(workers)

    def end(self) -> None:
        for worker in self._workers:
            worker.end()

    def map(self, calls: Sequence[tuple[np.ndarray, np.ndarray]]) -> Iterator[np.ndarray | Failed]:
        """The samples of every call, in order, or why there are none."""
        return self._threads.map(self._call, calls)

    def _call(self, given: tuple[np.ndarray, np.ndarray]) -> np.ndarray | Failed:
        worker = self._free.get()
        try:
            return worker.call(*given)
        except Failed as reason:
            return reason
        finally:
            self._free.put(worker)


@cache
def pool(kind: str, command: tuple[str, ...], seconds: float, workers: int) -> Pool:
    """The one pool of a command in this process; its programs end with it."""
    made = Pool(kind, command, seconds, workers)
    atexit.register(made.end)
    return made
