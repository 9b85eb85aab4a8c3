"""A simulator for tests: normal samples by its own arithmetic, or what its first word asks for.

``python program.py good`` answers lines of JSON; with three further names it reads and writes
files. 'later FOLDER' fails as long as no file 'filled' is there, from its thirteenth call on.
"""

import json
import math
import sys
import time
from pathlib import Path

HOW, *REST = sys.argv[1:]
WRONG = {
    "nonsense": '{"samples": "what"}',
    "text": "ready!",
    "shape": '{"samples": [[1.0]]}',
    "nan": None,
}


def samples(parameters, draws):
    """Two columns: θ_0 + e^θ_1 · a logistic number, and that cut to halves."""
    made = []
    for (place, scale), (u, _) in zip(parameters, draws, strict=True):
        x = place + math.exp(scale) * math.log((u + 1e-9) / (1.0 - u + 1e-9))
        made.append([x, math.floor(2.0 * x) / 2.0])
    return made


def by_lines():
    for count, line in enumerate(sys.stdin, 1):
        if HOW == "late" or (
            HOW == "later" and count > 12 and not Path(REST[0], "filled").exists()
        ):
            print("the tank is empty", file=sys.stderr)
            sys.exit(3)
        if HOW == "hang":
            time.sleep(60)
        asked = json.loads(line)
        made = samples(asked["parameters"], asked["draws"])
        if HOW == "nan":
            made[0][0] = math.nan
        answer = WRONG.get(HOW) or json.dumps({"samples": made})
        print(answer, flush=True)


def by_files():
    import numpy as np

    parameters, draws = (np.load(name).tolist() for name in REST[:2])
    if HOW == "late":
        sys.exit("the tank is empty")
    if HOW == "hang":
        time.sleep(60)
    made = np.array(samples(parameters, draws))
    if HOW == "nan":
        made[0, 0] = math.nan
    if HOW == "shape":
        made = made[:, :1]
    if HOW == "text":
        Path(REST[2]).write_text("ready!", encoding="utf-8")
    elif HOW != "nonsense":
        np.save(REST[2], made)


if len(REST) == 3:
    by_files()
else:
    by_lines()
