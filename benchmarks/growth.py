"""How the generator's sweep grows with the hidden width and with the batch."""

from __future__ import annotations

from benchmarks.measure import Row, contest

CONTENDERS = ("approxgan", "in-place loop", "autograd")
WIDTHS = (32, 64, 128, 256, 512)
BATCHES = (64, 256, 1024, 4096)


def run(quick: bool) -> list[Row]:
    """Widths at batch 64, batches at width 128; a slow peer's time is scaled up from a part."""
    cases = [(width, 64) for width in WIDTHS] + [(128, batch) for batch in BATCHES[1:]]
    rows = []
    for width, batch in cases[:2] if quick else cases:
        case = f"G width {width} batch {batch}"
        arguments = (f"width{width}", "generator", str(batch))
        rows += contest("growth", case, CONTENDERS, "benchmarks.gradient", *arguments, rounds=1)
    return rows
