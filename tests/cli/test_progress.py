"""The picture of a run: made from events and logs, without a run."""

from __future__ import annotations

import io
import json
import os

import pytest
from worlds import terminal

from approxgan.cli.parser import main
from approxgan.cli.progress import PRIOR, Job, Part, Run, Screen, parts, picture
from approxgan.design.paths import Results
from approxgan.storage import files

A, B, C, D = (Job("train", name) for name in "abcd")
TABLE = Job("collect", "quality")


def run(estimates, cores=1):
    return Run(0.0, cores, estimates)


def follow(run, *events):
    for at, what, job in events:
        log = f"logs/{job.rule}/{job.name}.log"
        run.take({"event": what, "at": at, **job._asdict(), "log": log})
    return run


def test_a_run_of_which_all_is_done_is_done_to_the_last_percent():
    estimates = {Job("train", str(n)): 0.1 for n in range(60)}
    ended = [(1.0, what, job) for job in estimates for what in ("started", "done")]
    (bar,) = picture(follow(run(estimates), *ended), 2.0, 80, 24)
    assert "] 100 %  60 of 60 jobs" in bar


def test_before_anything_ran_the_time_left_is_the_plan_over_the_cores():
    assert run({A: 30.0, B: 50.0, TABLE: 40.0}, cores=2).left(0.0, {}) == pytest.approx(60.0)
    assert run({}).left(0.0, {}) == 0.0


def test_the_time_left_follows_what_jobs_took():
    """Every job takes three times its estimate: soon the others are expected to, in any rule."""
    jobs = {Job("train", str(n)): 100.0 for n in range(10)} | {TABLE: 100.0}
    known, now = run(jobs), 0.0
    for job in [*jobs][:5]:
        follow(known, (now, "begun", job), (now + 300.0, "done", job))
        now += 300.0
    assert known.left(now, {}) == pytest.approx(6 * 300.0)
    assert known.share({}) == pytest.approx(5 / 11)


def test_one_rule_that_is_slow_slows_the_others_only_at_first():
    known = run({A: 100.0, B: 100.0, TABLE: 10.0, Job("collect", "cost"): 10.0})
    follow(known, (0.0, "begun", A), (1000.0, "done", A))
    before = known.left(1000.0, {})
    assert before == pytest.approx(1000.0 + 2 * 100.0)
    follow(known, (1000.0, "begun", TABLE), (1010.0, "done", TABLE))
    slower = 1010.0 / 110.0
    told = 100.0 * (1000.0 + PRIOR * slower) / (100.0 + PRIOR)
    assert known.left(1010.0, {}) == pytest.approx(
        told + 10.0 * (10.0 + PRIOR * slower) / (10.0 + PRIOR)
    )


def test_a_training_job_goes_on_at_the_speed_of_its_own_steps():
    """From the step that it began at: a checkpoint's steps cost this attempt nothing."""
    known = follow(run({A: 5.0}), (90.0, "begun", A), (100.0, "started", A))
    part = Part(step=600, steps=1000, first=400, seconds=20.0, losses="", told="")
    assert known.left(120.0, {A: part}) == pytest.approx(40.0)
    assert known.left(130.0, {A: part}) == pytest.approx(30.0)
    assert known.share({A: part}) == pytest.approx(0.6)


def test_a_long_job_is_not_shared_out_among_cores():
    known = follow(run({A: 100.0, B: 1.0}, cores=8), (0.0, "started", A))
    assert known.left(0.0, {}) == pytest.approx(100.0)


def test_a_job_that_failed_and_is_tried_again_has_not_failed():
    known = follow(run({A: 1.0, B: 1.0}), (0.0, "begun", A), (1.0, "failed", A))
    assert known.counted() == "0 of 2 jobs, 1 failed"
    follow(known, (2.0, "begun", A), (3.0, "done", A))
    assert known.counted() == "1 of 2 jobs"
    assert known.left(3.0, {}) == pytest.approx(1.0)


LOSSES = "losses at step 40: discriminator 1, generator 0.5"


@pytest.fixture
def at(tmp_path):
    return Results(tmp_path)


def said(at, cell, text, when=50.0):
    files.write_text(at.log("train", cell), text)
    os.utime(at.log("train", cell), (when, when))


def test_the_picture_has_steps_losses_failures_and_what_waits(at):
    known = Run(0.0, 1, {A: 10.0, B: 10.0, C: 10.0, D: 10.0, TABLE: 1.0}, at.root)
    follow(known, *((5.0, "begun", job) for job in known.estimates),
           (10.0, "started", A), (20.0, "started", C), (20.0, "started", TABLE))  # fmt: skip
    done = f"x: step 40 of 80, 2 seeds training; {LOSSES}\n"
    said(at, "a", f"going on from the checkpoint at step 20\n{done}")
    said(at, "b", "x: step 70 of 80, 2 seeds training\n", when=2.0)  # of an earlier attempt
    said(at, "c", "x: step 8 of 80, 2 seeds training\n")  # before the first traced step
    lines = picture(known, 60.0, 100, 24)
    assert lines[0].startswith("[####..........................] 14 %  0 of 5 jobs, 60 s so far, ")
    assert lines[1:] == [
        "train     a",
        "          step 40 of 80; 50 s",
        f"          {LOSSES}",
        "train     c",
        "          step 8 of 80; 40 s",
        "collect   quality  40 s",
        "waiting   2 jobs: 2 train",
    ]
    assert parts(known)[A] == Part(40, 80, 20, 40.0, LOSSES, "step 40 of 80")


def test_a_tuning_is_as_far_as_its_tries(at):
    job = Job("tune", "e")
    known = follow(Run(0.0, 1, {job: 30.0}, at.root), (10.0, "begun", job), (10.0, "started", job))
    done = f"try 2 of 3, ring exact: step 40 of 80, 2 seeds training; {LOSSES}\n"
    files.write_text(at.log("tune", "e"), f"try 1 of 3: cell\nx\ntry 2 of 3: cell\n{done}")
    os.utime(at.log("tune", "e"), (50.0, 50.0))
    lines = picture(known, 60.0, 100, 24)
    assert "] 50 %  0 of 1 jobs" in lines[0]
    assert lines[1:] == [
        "tune      e",
        "          try 2 of 3, step 40 of 80; 50 s",
        f"          {LOSSES}",
    ]


def test_what_waits_in_a_queue_is_left_whole():
    """Its wait is no work that it has done, nor a sign that its rule is slow."""
    known = follow(run({A: 10.0, B: 10.0}), (0.0, "begun", A), (0.0, "begun", B))
    assert known.left(1000.0, {}) == pytest.approx(20.0)
    follow(known, (1000.0, "started", A), (1010.0, "done", A))
    assert known.left(1010.0, {}) == pytest.approx(10.0)


def test_of_a_group_that_failed_the_picture_names_who_said_why(at):
    known = Run(0.0, 1, {A: 10.0, B: 10.0, C: 10.0, D: 10.0}, at.root)
    follow(known, (1.0, "failed", A), (1.0, "failed", B))
    said(at, "a", "")
    said(at, "b", "no memory\n")
    lines = picture(known, 60.0, 1000, 24)[1:]
    assert lines == [
        "failed    train b: no memory",
        f"failed    train a: no reason in {known.failed[A]}",
    ]
    follow(known, (1.0, "failed", C), (1.0, "failed", D))
    said(at, "c", f"x: step 80 of 80, 2 seeds training; {LOSSES}\n")
    lines = picture(known, 60.0, 100, 24)[1:]
    assert lines[1:] == ["failed    3 jobs whose logs give no reason"]


def test_the_picture_fits_a_small_terminal(at):
    jobs = {Job("evaluate", f"{'long/' * 30}{n}"): 1.0 for n in range(50)}
    known = Run(0.0, 1, jobs, at.root)
    for n, job in enumerate(jobs):
        files.write_text(at.log(*job), "why\n")
        what = {0: "started", 1: "failed", 2: "begun"}[n % 3]
        follow(known, (float(n), what, job))
    lines = picture(known, 60.0, 79, 12)
    assert len(lines) < 12
    assert all(len(line) <= 79 for line in lines)
    assert any(line.startswith("... and ") and "failed" in line for line in lines)
    assert any("0  60 s" in line for line in lines)
    assert lines[-1] == "waiting   16 jobs: 16 evaluate"


def test_a_screen_is_drawn_in_its_place_below_what_was_printed():
    stream = io.StringIO()
    screen = Screen(stream)
    for lines in ["a", "b", "c"], ["d"], ["e", "f"]:
        screen.draw(lines)
    screen.erase()
    stream.write("printed\n")
    screen.draw(["g"])
    assert terminal.shown(stream.getvalue()) == "printed\ng\n"


EVENTS = (
    {"at": 0.0, "cores": 2, "jobs": [["train", "a", 4.0], ["collect", "quality", 1.0]]},
    {"event": "begun", "at": 0.0, "rule": "train", "name": "a"},
    {"event": "done", "at": 4.0, "rule": "train", "name": "a"},
)


def test_status_watch_reads_what_the_run_has_written(at, capsys):
    asked = ["status", "--watch", "--results", str(at.root)]
    assert main(asked) == 2
    assert "progress.log: no such file" in capsys.readouterr().err
    lines = "".join(f"{json.dumps(event)}\n" for event in EVENTS)
    files.write_text(at.log("progress"), f'{lines}{{"event": "half wri')
    assert main(asked) == 0
    assert " 80 %  1 of 2 jobs, " in capsys.readouterr().out
    os.utime(at.log("progress"), (0, 0))
    assert main(asked) == 0
    assert "it seems to have died" in capsys.readouterr().out
    with at.log("progress").open("w") as file:
        file.write(f'{lines}{{"event": "ended", "at": 5}}\n')
    assert main(asked) == 0
    assert "1 of 2 jobs, stopped after 5 s" in capsys.readouterr().out
    files.write_text(at.log("collect", "quality"), "no room\n")
    failed = {"event": "failed", "at": 5, **TABLE._asdict(), "log": "logs/collect/quality.log"}
    with at.log("progress").open("a") as file:
        file.write(f"{json.dumps(failed)}\n")
    assert main(asked) == 0
    assert "\nfailed    collect quality: no room\n" in capsys.readouterr().out
    files.write_text(at.log("progress"), "[1]\n")
    assert main(asked) == 2
    assert "not the progress of a run" in capsys.readouterr().err
