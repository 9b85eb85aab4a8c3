"""One thread for each test process: several run side by side."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import pandas as pd

for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")


@pytest.fixture(scope="session")
def tables() -> dict[str, pd.DataFrame]:
    """Everything that a figure draws, made up once: what a test alters it copies before."""
    from worlds import synthetic

    made = synthetic.make(synthetic.WIDE)
    return {**made, "comparisons": synthetic.comparisons(made["quality"])}
