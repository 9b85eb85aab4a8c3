"""A run of the workflow as a picture: how far it is, what works now, what failed.

Snakemake's plugin of this project writes what happens into results/logs/progress.log, a JSON map a
line. The picture is made from these events and from the
logs of training jobs, so ``approxgan status --watch`` shows the same one.
"""

import json
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from approxgan.cli.plan import SECONDS, scaled
from approxgan.core.errors import InputError
from approxgan.design.paths import Results
from approxgan.storage import files

Event = Mapping[str, Any]
PRIOR = 10.0
"""Seconds for which a rule's jobs are taken to be as slow as all others."""
TAIL = 4096
"""Bytes at a log's end that are read: more than a line of progress takes."""
SILENCE = 60.0
"""Seconds without a sign of Snakemake after which it seems dead."""
SIGN = 10.0
"""Seconds between two signs that it gives."""
SHORTEST, LONGEST = 10, 30
"""Characters of a bar."""
EVERYTHING = (10_000, 10_000)
"""Columns and rows of a file."""
STEP = re.compile(
    r"(?:try (\d+) of (\d+), [^\n]*)?: step (\d+) of (\d+), \d+ seeds training(?:; (losses .*))?"
)
TRAINING = ("train", "tune")
"""Rules whose logs say how far a job is."""
RESUMED = re.compile(r"from the checkpoint at step (\d+)")


class Job(NamedTuple):
    rule: str
    name: str
    """Of a cell, table, figure ...; empty where the rule has one job."""

    def __str__(self) -> str:
        return f"{self.rule} {self.name}".rstrip()


class Part(NamedTuple):
    """How far a training job is, by its log. A tuning's steps are those of all its tries."""

    step: int
    steps: int
    first: int
    """The step that this attempt began at."""
    seconds: float
    """From the attempt's begin to ``step``."""
    losses: str = ""
    """In words, as what comes next."""
    told: str = ""
    """The step, and of which try."""


@dataclass
class Run:
    """What the events so far have told."""

    begun: float
    cores: int
    estimates: dict[Job, float]
    """Of all jobs of this run: seconds by ``approxgan plan``."""
    root: Path = Path()
    """The folder of results, from which logs are named."""
    running: dict[Job, float] = field(default_factory=dict)
    """Job -> when it started."""
    logs: dict[Job, Path] = field(default_factory=dict)
    """Of the jobs that run."""
    waiting: dict[Job, float] = field(default_factory=dict)
    """Job -> when it was handed over; a cluster's queue, or its group, lets it wait."""
    done: set[Job] = field(default_factory=set)
    failed: dict[Job, Path] = field(default_factory=dict)
    """Job -> its log."""
    ended: float = 0.0
    last: float = 0.0
    """Seconds that the job took that was finished last."""
    widest: int = 1
    """Jobs that ran at a time, at most."""
    # Sums, so that a run of many jobs is not counted again at every event.
    _ahead: dict[str, float] = field(init=False)
    _taken: dict[str, tuple[float, float]] = field(init=False, default_factory=dict)
    _worth: float = field(init=False, default=0.0)
    _begun: set[Job] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self._whole = sum(self.estimates.values())
        self._ahead = dict.fromkeys((job.rule for job in self.estimates), 0.0)
        for job, estimate in self.estimates.items():
            self._ahead[job.rule] += estimate

    @classmethod
    def of(cls, events: Iterable[Event], root: Path) -> "Run":
        """Raises ``KeyError``, ``TypeError`` or ``ValueError`` for what no run has written."""
        first, *rest = events
        jobs = {Job(rule, name): float(seconds) for rule, name, seconds in first["jobs"]}
        run = cls(float(first["at"]), int(first["cores"]), jobs, root)
        for event in rest:
            run.take(event)
        return run

    def take(self, event: Event) -> None:
        """Follow an event: a job is handed over, starts, ends or fails, or the run ends."""
        what, at = event["event"], float(event["at"])
        if what == "ended":
            self.running.clear()
            self.waiting.clear()
            self.ended = at
            return
        job = Job(event["rule"], event["name"])
        if what == "begun":
            self.waiting[job] = at
            self.failed.pop(job, None)
            return
        if job not in self._begun:
            self._begun.add(job)
            self._ahead[job.rule] -= self.estimates[job]
        handed = self.waiting.pop(job, at)
        if what == "started":
            self.running[job], self.logs[job] = at, self.root / event["log"]
            self.widest = max(self.widest, len(self.running))
            return
        self.last = at - self.running.pop(job, handed)
        if what == "failed":
            self.failed[job] = self.root / event["log"]
        elif job not in self.done:
            self.done.add(job)
            seconds, estimated = self._taken.get(job.rule, (0.0, 0.0))
            self._taken[job.rule] = (seconds + self.last, estimated + self.estimates[job])
            self._worth += self.estimates[job]

    def left(self, now: float, parts: Mapping[Job, Part]) -> float:
        """Seconds: what is estimated of the jobs left, corrected by what jobs of their rule took.

        A rule counts as much as a job of ``PRIOR`` seconds that was as slow as the whole run, so
        that its first job is not all. A training job that tells its steps goes on at its own speed.
        """
        taken = dict(self._taken)
        for job, at in parts.items():
            seconds, estimated = taken.get(job.rule, (0.0, 0.0))
            own = self.estimates[job] * (at.step - at.first) / at.steps
            taken[job.rule] = (
                (seconds + at.seconds, estimated + own) if own else (seconds, estimated)
            )
        all_seconds, all_estimated = map(sum, zip(*taken.values(), (0.0, 0.0), strict=True))
        slower = all_seconds / all_estimated if all_estimated else 1.0

        def corrected(rule: str, estimate: float) -> float:
            seconds, estimated = taken.get(rule, (0.0, 0.0))
            return estimate * (seconds + PRIOR * slower) / (estimated + PRIOR)

        rest = [corrected(rule, estimate) for rule, estimate in self._ahead.items()]
        alone = []
        for job, begun in self.running.items():
            spent, whole = now - begun, corrected(job.rule, self.estimates[job])
            at = parts.get(job)
            if at and at.step > at.first:
                whole = at.seconds * (at.steps - at.first) / (at.step - at.first)
            alone.append(max(0.1 * whole, whole - spent))
        return max((sum(rest) + sum(alone)) / max(self.cores, self.widest), *alone, 0.0)

    def share(self, parts: Mapping[Job, Part]) -> float:
        """Of the work that is done, by the estimates: 0 to 1."""
        at_work = sum(self.estimates[job] * at.step / at.steps for job, at in parts.items())
        if len(self.done) == len(self.estimates) or not self._whole:
            return 1.0  # the sum of the shares may end just below
        return (self._worth + at_work) / self._whole

    def counted(self) -> str:
        """'59 of 153 jobs, 1 failed'."""
        failed = f", {len(self.failed)} failed" if self.failed else ""
        return f"{len(self.done)} of {len(self.estimates)} jobs{failed}"


def part(path: Path, begun: float) -> Part | None:
    """How far a training job is, by its log; None where it has not said so."""
    try:
        with path.open("rb") as file:
            said = file.read(TAIL).decode(errors="replace")
            file.seek(max(0, path.stat().st_size - TAIL))
            steps = STEP.findall(file.read().decode(errors="replace"))
            written = path.stat().st_mtime
    except OSError:
        return None
    if not steps:
        return None
    resumed = RESUMED.search(said)
    *numbers, losses = steps[-1]
    which, tries, step, of = (int(number or 1) for number in numbers)
    told = f"try {which} of {tries}, " * bool(numbers[0]) + f"step {step} of {of}"
    step, of, first = step + (which - 1) * of, max(1, of * tries), int(resumed[1]) if resumed else 0
    return Part(step, of, min(first, step), max(0.0, written - begun), losses, told)


def parts(run: Run) -> dict[Job, Part]:
    """How far the training jobs at work are."""
    training = {job: begun for job, begun in run.running.items() if job.rule in TRAINING}
    found = {job: part(run.logs[job], begun) for job, begun in training.items()}
    return {job: one for job, one in found.items() if one is not None}


def picture(run: Run, now: float, width: int, height: int) -> list[str]:
    """A run in lines that a terminal has room for: a bar; failures; jobs at work, and waiting."""
    known = parts(run)
    lines = [_bar(run, now, known, width)]
    waiting = [_waiting(run)] if run.waiting else []
    room = max(1, height - 3 - len(waiting))
    lines += _cut(_failures(run), max(1, room // 3), "failed")
    working = [line for job in run.running for line in _job(run, job, now, known)]
    lines += _cut(working, max(1, room - len(lines)), "more lines of jobs at work")
    return [_fitting(line, width) for line in (*lines, *waiting)]


def _job(run: Run, job: Job, now: float, parts: Mapping[Job, Part]) -> list[str]:
    spent = scaled(max(0, round(now - run.running[job])), SECONDS)
    lines = [f"{job.rule:<9} {job.name}"]
    if job.rule not in TRAINING:
        return [f"{lines[0]}  {spent}"]
    known = parts.get(job)
    about = known.told if known else "no step yet"
    losses = known.losses if known else ""
    return [*lines, *(f"          {told}" for told in (f"{about}; {spent}", losses) if told)]


def _failures(run: Run) -> list[str]:
    """What failed, and why: a failed group calls all its cells failed, also those without fault."""
    last = {job: _last(log) for job, log in run.failed.items()}
    said = {job: "" if STEP.search(line) else line for job, line in last.items()}
    lines = [f"failed    {job}: {why}" for job, why in said.items() if why]
    quiet = [job for job, why in said.items() if not why]
    if len(quiet) == 1:
        lines.append(f"failed    {quiet[0]}: no reason in {run.failed[quiet[0]]}")
    elif quiet:
        lines.append(f"failed    {len(quiet)} jobs whose logs give no reason")
    return lines


def _waiting(run: Run) -> str:
    """'waiting   16 jobs: 8 train, 8 evaluate'."""
    rules = Counter(job.rule for job in run.waiting)
    each = ", ".join(f"{count} {rule}" for rule, count in rules.items())
    count = len(run.waiting)
    return f"waiting   {count} job{'s' if count > 1 else ''}: {each}"


def _bar(run: Run, now: float, parts: Mapping[Job, Part], width: int) -> str:
    share = run.share(parts)
    spent = scaled(round((run.ended or now) - run.begun), SECONDS)
    rest = f"{spent} so far, {roughly(run.left(now, parts))} left"
    if run.ended:
        rest = f"{'done' if len(run.done) == len(run.estimates) else 'stopped'} after {spent}"
    told = f" {int(100 * share)} %  {run.counted()}, {rest}"
    room = min(LONGEST, max(SHORTEST, width - len(told) - 2))
    return f"[{'#' * int(room * share):.<{room}}]{told}"


def roughly(seconds: float) -> str:
    """'about 54 s': an estimate, with two digits."""
    return f"about {scaled(float(f'{max(1.0, seconds):.2g}') if seconds else 0, SECONDS)}"


def _cut(lines: Sequence[str], most: int, what: str) -> list[str]:
    if len(lines) <= most:
        return list(lines)
    return [*lines[: most - 1], f"... and {len(lines) - most + 1} {what}"]


def _fitting(line: str, width: int) -> str:
    """One line of a terminal, cut in its middle: names differ at their ends."""
    over = len(line) - width + 3
    return line if over <= 3 else f"{line[: width // 3]}..{line[width // 3 + over - 1 :]}"


def _last(path: Path) -> str:
    """A log's last line; empty where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL))
            lines = file.read().decode(errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


class Screen:
    """Lines at the end of a terminal that are drawn again and again."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._back = ""

    def draw(self, lines: Sequence[str]) -> None:
        self._stream.write(self._back + "".join(f"{line}\n" for line in lines))
        self._stream.flush()
        self._back = f"\033[{len(lines)}F\033[J"

    def erase(self) -> None:
        """Take the lines away, so that something else can be printed in their place."""
        self._stream.write(self._back)
        self._back = ""


def size() -> tuple[int, int]:
    """Columns and rows of the terminal; one column less, so that no line wraps."""
    columns, rows = shutil.get_terminal_size()
    return max(20, columns - 1), max(4, rows)


def read(at: Results) -> Run:
    """The last run in ``at``; raises ``InputError`` where there is none."""
    path = at.log("progress")
    if not path.exists():
        raise InputError(f"{path}: no such file: no run of snakemake has begun here")
    files.check_file(path)
    lines = path.read_text("utf-8").split("\n")[:-1]  # the last one may be half written
    try:
        return Run.of((json.loads(line) for line in lines), at.root)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not the progress of a run; snakemake writes it again") from error


def watch(at: Results, stream: TextIO, pause: float = 1.0) -> None:
    """Draw the last run in ``at`` until it ends; off a terminal, once."""
    path, screen = at.log("progress"), Screen(stream)
    run, known = read(at), path.stat().st_size
    while True:
        now, stat = time.time(), path.stat()
        if stat.st_size != known:
            run, known = read(at), stat.st_size
        lines = picture(run, now, *(size() if stream.isatty() else EVERYTHING))
        if not run.ended and now - stat.st_mtime > SILENCE:
            silent = scaled(now - stat.st_mtime, SECONDS)
            lines.append(f"Snakemake has given no sign for {silent}: it seems to have died")
        screen.draw(lines)
        if run.ended or not stream.isatty():
            return
        time.sleep(pause)
