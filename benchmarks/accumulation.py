"""``python -m benchmarks.accumulation``: how often torch's matrix products round, and the model.

Sums of K products with a bias, float32, one thread, change when all inputs change or one does. The
variance of the rounding in the change, over ulp²/6 at the size of the sum, is a number of
roundings; beside it is what the scatter of the compiled sweep takes it for. With random products
and small biases the partial sums have the size of the sum, and the bias adds one rounding.
"""

from __future__ import annotations

import torch
from torch import Tensor

from approxgan.objective.sweep._plan import NARROWEST
from approxgan.objective.sweep._rounding import ONE_NARROW, ONE_WIDE, ULP, all_narrow, all_wide

ROWS = 64
SUMS = 400
"""Sums a row, over the matrices."""
CHANGE = 1e-3
SINGLES = 8
"""Inputs that are changed alone, one after the other."""
INPUTS = (2, 8, 16, 32, 64, 128, 256, 512)
WIDTHS = (1, 2, 8, 16, 32, 128)


def roundings(h: Tensor, moved: Tensor, w: Tensor, b: Tensor) -> float:
    """Of the sums' change from inputs h to moved [S, ROWS, K]; w [S, N, K], b [S, 1, N]."""

    def sums(x: Tensor, dtype: torch.dtype) -> Tensor:
        return torch.baddbmm(b.to(dtype), x.to(dtype), w.to(dtype).mT).double()

    exact = sums(moved, torch.float64) - sums(h, torch.float64)
    noise = sums(moved, torch.float32) - sums(h, torch.float32) - exact
    size = sums(h, torch.float64).square().mean()
    return float(noise.square().mean() / (ULP**2 / 6 * size))


def counted(inputs: int, width: int, draws: torch.Generator) -> tuple[float, float]:
    """Roundings when all inputs change, and when one does."""
    matrices = max(20, SUMS // width)
    h = torch.randn(matrices, ROWS, inputs, generator=draws)
    h = torch.where(h > 0, h, 0.2 * h)
    w = torch.randn(matrices, width, inputs, generator=draws) / inputs**0.5
    b = 0.05 * torch.randn(matrices, 1, width, generator=draws)
    every = roundings(h, h * (1 + CHANGE * torch.randn(h.shape, generator=draws)), w, b)
    single = 0.0
    for i in torch.randint(inputs, (SINGLES,), generator=draws).tolist():
        moved = h.clone()
        moved[:, :, i] += CHANGE
        single += roundings(h, moved, w, b) / SINGLES
    return every, single


def model(inputs: int, width: int) -> tuple[float, float]:
    """What the scatter takes ``counted`` for."""
    if width > NARROWEST:
        return 1 + all_wide(inputs), 1 + ONE_WIDE
    return 1 + all_narrow(inputs), 1 + ONE_NARROW


def main() -> None:
    torch.set_num_threads(1)
    draws = torch.Generator().manual_seed(0)
    print("inputs  width | all change: torch   model | one changes: torch   model")
    for inputs in INPUTS:
        for width in WIDTHS:
            (every, single), (all_, one) = counted(inputs, width, draws), model(inputs, width)
            print(f"{inputs:6} {width:6} | {every:17.1f} {all_:7.1f} | {single:18.2f} {one:7.2f}")


if __name__ == "__main__":
    main()
