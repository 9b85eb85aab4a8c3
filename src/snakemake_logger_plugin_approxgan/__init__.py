"""What a run of the workflow shows: a picture on a terminal, elsewhere a line a job.

Snakemake finds the package by its name, and ``profiles/default`` asks for it. Shell commands and
all else that Snakemake has to say of a job are in its own log file, below .snakemake/log. A dry run
and the options --quiet, --verbose and --debug-dag print what they print without this package.
"""

import json
import logging
import os
import re
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from approxgan.cli.plan import SECONDS, scaled
from approxgan.cli.progress import SIGN, Job, Run, Screen, picture, roughly, size
from approxgan.design.paths import Results
from approxgan.storage import files

ROUTINE = ("Select jobs", "Building DAG", "Using shell", "Group jobs: inactive", "Assuming ")
"""What messages begin with that say nothing of this run."""
COMMAND = re.compile(r"Command '.*' (returned|died)", re.DOTALL)
"""What a failure's message begins with: the whole command, with its JSON."""
TRACEBACK = "Traceback (most recent call last):"
ANSWERED = (
    *(LogEvent.JOB_INFO, LogEvent.JOB_STARTED, LogEvent.JOB_FINISHED, LogEvent.JOB_ERROR),
    *(LogEvent.GROUP_INFO, LogEvent.GROUP_ERROR, LogEvent.SHELLCMD, LogEvent.PROGRESS),
    *(LogEvent.RESOURCES_INFO, LogEvent.RUN_INFO, LogEvent.WORKFLOW_STARTED),
)
"""Events of which the picture, or a line, says all that a person wants to know."""


class LogHandler(LogHandlerBase):
    """The only handler that writes to the terminal."""

    @property
    def writes_to_stream(self) -> bool:
        return True

    @property
    def writes_to_file(self) -> bool:
        return False

    @property
    def has_filter(self) -> bool:
        return False

    @property
    def has_formatter(self) -> bool:
        return False

    @property
    def needs_rulegraph(self) -> bool:
        return False

    def __post_init__(self) -> None:
        # Snakemake itself loads the plugins while it is loaded.
        from snakemake.logging import ColorizingTextHandler

        told = self.common_settings
        stream = sys.stdout if told.stdout else sys.stderr
        self._plain = ColorizingTextHandler(nocolor=told.nocolor, stream=stream)
        self._usual = bool(told.dryrun or told.quiet or told.verbose or told.debug_dag)
        live = stream.isatty() and os.environ.get("TERM") != "dumb" and not self._usual
        self._screen = Screen(stream) if live else None
        self._jobs: dict[int, Job] = {}
        self._handed: dict[Job, tuple[str, int]] = {}
        """Job -> its log, and when that was last written, in ns, before it was handed over."""
        self._of_group = 0
        """Jobs of a failed group that are still to be told of."""
        self._run: Run | None = None
        self._drawing = threading.RLock()
        self._stop = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def begin(self, at: Results, jobs: Iterable[tuple[str, str, float]], cores: int) -> None:
        """A run begins, of these jobs (rule, name, estimated seconds). The Snakefile calls it."""
        known = {Job(rule, name): round(seconds, 3) for rule, name, seconds in jobs}
        told = [[*job, seconds] for job, seconds in known.items()]
        with self._drawing:
            self._progress = at.log("progress")
            run = Run(time.time(), cores, known, at.root)
            line = json.dumps({"at": run.begun, "cores": cores, "jobs": told})
            with suppress(OSError):
                files.write_text(self._progress, f"{line}\n")
            if not self._usual:
                self._say(f"{len(known)} jobs, {roughly(run.left(0.0, {}))}")
            self._run = run
            self._ticker.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Follow the run, and show what a person wants to know."""
        try:
            with self._drawing:
                self._take(record)
        except Exception:
            self.handleError(record)  # it must not end the thread that Snakemake calls it in

    def _take(self, record: logging.LogRecord) -> None:
        event = getattr(record, "event", None)
        if self._run:
            self._follow(self._run, event, record)
        said = record.getMessage() if event == LogEvent.ERROR and not self._run else ""
        if said.startswith(TRACEBACK) and not self.common_settings.verbose:
            # Of a command that Snakemake cannot follow, such as a config file that is not there.
            self._say(f"{said.strip().splitlines()[-1]} (traceback: --verbose)", logging.ERROR)
        elif self._usual:
            self._show(record)
        elif not (event in ANSWERED or self._is_routine(record)):
            brief = COMMAND.sub(r"Command \1", record.getMessage())
            self._show(logging.makeLogRecord({**vars(record), "msg": brief, "args": None}))
        if self._run:
            self._draw(self._run)

    def _is_routine(self, record: logging.LogRecord) -> bool:
        return record.levelno == logging.INFO and record.getMessage().startswith(ROUTINE)

    def _follow(self, run: Run, event: Any, record: Any) -> None:
        if event == LogEvent.JOB_INFO:
            job = Job(record.rule_name, " ".join(record.wildcards.values()))
            if job in run.estimates:
                self._jobs[record.jobid] = job
                log = record.log[0]
                self._handed[job] = log, _written(log)
                self._tell(run, "begun", job)
        elif event == LogEvent.JOB_FINISHED and (job := self._jobs.get(record.job_id)):
            self._tell(run, "done", job)
            if not self._screen and not self._usual:
                left, took = roughly(run.left(time.time(), {})), scaled(run.last, SECONDS)
                self._say(f"{run.counted()}, {left} left: {job}, {took}")
        elif event == LogEvent.JOB_ERROR and (job := self._jobs.get(record.jobid)):
            self._tell(run, "failed", job, log=_from(run.root, record.log[0]))
            # Snakemake calls all jobs of a group failed: those that say nothing are not shown.
            if not self._of_group or any(map(_says, record.log)):
                self._complain(f"failed: {job}", record.log)
            self._of_group = max(0, self._of_group - 1)
        elif event == LogEvent.GROUP_ERROR:
            self._of_group = len(record.job_error_info)
            self._complain(f"failed: a group of {len(record.job_error_info)} jobs", record.aux_logs)

    def _look(self, run: Run) -> None:
        """A job that waited has started when its log is new: a cluster says it to nobody."""
        for job in list(run.waiting):
            log, before = self._handed[job]
            if _written(log) not in (0, before):
                self._tell(run, "started", job, log=_from(run.root, log))

    def _tell(self, run: Run, what: str, job: Job | None = None, **more: str) -> None:
        named = job._asdict() if job else {}
        event = {"event": what, "at": time.time(), **named, **more}
        run.take(event)
        # A full disk ends jobs, and not the account of them here.
        with suppress(OSError), self._progress.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(event)}\n")

    def _complain(self, what: str, logs: Sequence[str]) -> None:
        if self._usual:
            return
        from snakemake.logging import show_logs

        shown = show_logs(logs) if self.common_settings.show_failed_logs else logs
        self._say("\n".join([what, *shown]), logging.ERROR)

    def _say(self, text: str, level: int = logging.DEBUG) -> None:
        self._show(logging.LogRecord(__name__, level, __file__, 0, text, None, None))

    def _show(self, record: logging.LogRecord) -> None:
        if self._screen:
            self._screen.erase()
        self._plain.formatter = self.formatter
        self._plain.emit(record)

    def _draw(self, run: Run) -> None:
        if self._screen:
            self._screen.draw(picture(run, time.time(), *size()))

    def _tick(self) -> None:
        """Draw again, and give signs of life to who watches from elsewhere."""
        signed = 0.0
        while (run := self._run) and not self._stop.wait(_pause(run)):
            with self._drawing:
                self._look(run)
                self._draw(run)
            if time.monotonic() - signed > SIGN:
                signed = time.monotonic()
                with suppress(OSError):
                    os.utime(self._progress)

    def close(self) -> None:
        """The run has ended: what is drawn last stays."""
        self._stop.set()
        if self._run:
            self._ticker.join()
            with self._drawing:
                self._tell(self._run, "ended")
                self._draw(self._run)
                self._run = None
        super().close()


def _pause(run: Run) -> float:
    """Seconds until logs are looked at again: more where there are many."""
    return 1.0 + 0.01 * (len(run.running) + len(run.waiting))


def _from(root: Path, log: str) -> str:
    """The log's name from the folder of results, where another shell finds it."""
    return os.path.relpath(log, root)


def _says(log: str) -> bool:
    return os.path.isfile(log) and os.path.getsize(log) > 0


def _written(log: str) -> int:
    with suppress(OSError):
        return os.stat(log).st_mtime_ns
    return 0
