"""What the workflow takes out of Snakemake's scheduler is still there under that name."""

from __future__ import annotations

import inspect
import re

from snakemake.scheduling.job_scheduler import JobScheduler
from worlds import ROOT

COMMON = ROOT / "workflow" / "rules" / "common.smk"


def test_without_its_rate_limiter_the_scheduler_sets_no_timer_after_a_look():
    (name,) = re.findall(r"workflow\.scheduler\.(\w+) = None", COMMON.read_text())
    assert f"self.{name} = " in inspect.getsource(JobScheduler.__init__)
    schedule = inspect.getsource(JobScheduler.schedule)
    guarded = rf"if self\.{name} is not None:\n(?:\s*#.*\n)*\s*self\._schedule_reevalutation\("
    assert len(re.findall(guarded, schedule)) == 1
