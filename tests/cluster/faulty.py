"""``approxgan train`` with a fault in it, called in its place: faulty.py train CELL ...

``faults.json`` in the working directory has a map for a mode: ``pause``, seconds after each step
of the first attempt; ``fail``, whether that ends at once; ``hold_mb``, memory that every attempt
holds. ``starts.txt`` there gets a line an attempt: mode, Slurm's job and node.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from approxgan.cli.parser import main
from approxgan.training.checkpoint import Checkpoint

mode = sys.argv[2].split("/")[4]
fault = json.loads(Path("faults.json").read_text())[mode]
starts = Path("starts.txt")
again = starts.exists() and any(line.split()[0] == mode for line in starts.open())
with starts.open("a") as file:
    file.write(f"{mode} {os.environ['SLURM_JOB_ID']} {os.environ['SLURMD_NODENAME']}\n")
if fault.get("fail") and not again:
    sys.exit("made to fail once")
held = bytearray(os.urandom(1024)) * (fault.get("hold_mb", 0) * 1024)
between = Checkpoint.between


def pausing(self, state, diverged):
    between(self, state, diverged)
    time.sleep(0 if again else fault.get("pause", 0))


Checkpoint.between = pausing
sys.exit(main([*sys.argv[1:], "--checkpoint-seconds", "0.5"]))
