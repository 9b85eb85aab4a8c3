"""``python -m benchmarks [--quick] [GROUP ...]``: a table, a figure and benchmarks.json."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from approxgan.storage import files
from benchmarks import gradient, growth, library, picture, training, wall, workflow
from benchmarks.measure import CORES, Row, as_json, table

GROUPS: dict[str, Callable[[bool], list[Row]]] = {
    "gradient": gradient.run,
    "wall": wall.run,
    "growth": growth.run,
    "training": training.run,
    "library": library.run,
    "workflow": workflow.run,
}
OUT = Path("results/benchmarks")


def main() -> None:
    """Run the groups, print each as it ends, write all of them."""
    top = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    top.add_argument("groups", nargs="*", help=f"of {', '.join(GROUPS)}; all without one")
    top.add_argument("--quick", action="store_true", help="fewer and smaller cases")
    chosen = top.parse_args()
    for name in chosen.groups:
        if name not in GROUPS:
            top.error(f"{name!r} is not a group; accepted: {', '.join(GROUPS)}")
    rows: list[Row] = []
    print(f"{CORES} cores")
    for name in chosen.groups or GROUPS:
        found = GROUPS[name](chosen.quick)
        print(f"\n{name}\n{table(found)}", flush=True)
        rows += found
        files.write_text(OUT / "benchmarks.json", as_json(rows))
    picture.draw(rows, OUT / "benchmarks")
    print(f"\nwrote {OUT}/benchmarks.json, .svg and .png")


if __name__ == "__main__":
    main()
