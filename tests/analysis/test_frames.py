"""Tables as all their readers see them."""

from __future__ import annotations

import numpy as np
from worlds import synthetic

from approxgan.analysis import frames


def test_the_last_snapshot_is_each_cells_own() -> None:
    """Under one budget a mode whose steps are dear makes fewer of them."""
    cells = {("exact", np.nan): 900, ("spsa", 1e-3): 90, ("spsa", 1e-2): 9}
    rows = [
        {"study": "s", "dataset": "ring", "mode": mode, "epsilon": epsilon, "step": step, "seed": 0}
        for (mode, epsilon), last in cells.items()
        for step in (0, last)
    ]
    found = frames.final(frames.tidy(synthetic.frame("quality", rows)))
    assert sorted(found["step"]) == sorted(cells.values())
    assert frames.final(found[:0]).empty
