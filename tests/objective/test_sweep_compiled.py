"""The compiled sweep against a loop over torch forward passes of the same chain."""

from __future__ import annotations

import dataclasses
import itertools
import os
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from torch import Tensor

from approxgan.objective.problem import DenseProblem, SampleTerm
from approxgan.objective.sweep import compiled, plain
from approxgan.objective.terms import FUNCTIONS

SLOPES = (0.0, 0.2, 1.0, 1.5)
STEPS = (1e-6, 1e-3, 0.1, 1.0, 10.0, -0.3, None)
"""None: one of its own for every coordinate and seed."""


def logits(problem: DenseProblem, theta: Tensor) -> Tensor:
    """θ [S, P] -> logits [S, rows], in θ's type."""
    parameters = torch.cat([theta, problem.frozen.to(theta.dtype)], 1)
    h, at = problem.inputs.to(theta.dtype), 0
    for n, m, slope in zip(problem.sizes[:-1], problem.sizes[1:], problem.slopes, strict=True):
        weight = parameters[:, at : at + n * m].reshape(-1, m, n)
        bias = parameters[:, at + n * m : at + n * m + m]
        at += n * m + m
        a = h @ weight.transpose(1, 2) + bias[:, None]
        h = torch.where(a > 0, a, slope * a)
    return h[..., 0]


def forward(problem: DenseProblem, theta: Tensor) -> Tensor:
    """θ [S, P] -> loss [S], in θ's type."""
    out = logits(problem, theta)
    loss = problem.constant.to(theta.dtype)
    for term in problem.terms:
        rows = term.sign * out[:, term.start : term.stop]
        count = term.stop - term.start
        loss = loss + term.weight * count * FUNCTIONS[term.function](rows).mean(-1)
    return loss


def flat(rng: np.random.Generator, sizes: tuple[int, ...], seeds: int) -> Tensor:
    layers = []
    for n, m in itertools.pairwise(sizes):
        layers += [rng.normal(size=(seeds, m * n)) / np.sqrt(n), rng.normal(size=(seeds, m)) * 0.3]
    return torch.from_numpy(np.concatenate(layers, 1))


def chain(
    rng: np.random.Generator, own: tuple[int, ...], behind: tuple[int, ...], seeds: int,
    rows: int, terms: tuple[SampleTerm, ...], slopes: tuple[float, ...] | None = None,
) -> tuple[DenseProblem, Tensor]:  # fmt: skip
    """A problem and its θ, both float64; ``behind`` repeats the last size of ``own``."""
    sizes = own + behind[1:]
    if slopes is None:
        slopes = (*(float(s) for s in rng.choice(SLOPES, len(sizes) - 2)), 1.0)
    frozen = flat(rng, behind, seeds) if behind else torch.empty(seeds, 0, dtype=torch.float64)
    inputs = torch.from_numpy(rng.normal(size=(seeds, rows, own[0])))
    constant = torch.from_numpy(rng.normal(size=seeds))
    problem = DenseProblem(sizes, slopes, len(own) - 1, inputs, frozen, terms, constant)
    return problem, flat(rng, own, seeds)


def random_chain(seed: int) -> tuple[DenseProblem, Tensor, float | Tensor]:
    rng = np.random.default_rng(seed)
    seeds, rows = (1, 3)[seed % 2], int(rng.integers(1, 40))
    most = (8, 24, 64)[seed % 3]
    own = tuple(int(n) for n in rng.integers(1, most + 1, rng.integers(2, 6)))
    cut = int(rng.integers(0, rows))
    pair = [(*FUNCTIONS,)[(seed + i) % len(FUNCTIONS)] for i in range(2)]
    terms = (
        SampleTerm(0, rows - cut, pair[0], -1.0, 1.0 / rows),
        SampleTerm(rows // 2, rows, pair[1], float(rng.choice([1.0, 0.7])), 0.4 / rows),
    )
    if seed % 2:
        own, behind = (*own, 1), ()
    else:
        narrow = int(rng.choice([2, 2, 12]))
        hidden = tuple(int(n) for n in rng.integers(1, most + 1, rng.integers(1, 4)))
        own, behind = (*own, narrow), (narrow, *hidden, 1)
    problem, theta = chain(rng, own, behind, seeds, rows, terms)
    step = STEPS[seed % len(STEPS)]
    if step is None:
        step = torch.from_numpy(rng.normal(size=tuple(theta.shape)) * 10 ** rng.uniform(-4, 0.5))
    return problem, theta, step


def expected(problem: DenseProblem, theta: Tensor, step: float | Tensor, index: Tensor) -> Tensor:
    """What ``plain.sweep`` gives, at some coordinates."""
    steps = torch.as_tensor(step, dtype=theta.dtype).expand_as(theta)

    def along(part: Tensor) -> Tensor:
        return forward(problem, theta.index_copy(1, index, part))

    return plain.sweep(along, theta[:, index], steps[:, index]).losses


@pytest.mark.parametrize("seed", range(84))
def test_is_the_same_function_as_the_loop(seed: int) -> None:
    problem, theta, step = random_chain(seed)
    assert compiled.covers(problem)
    count = theta.shape[1]
    index = torch.from_numpy(np.random.default_rng(seed).permutation(count)[:150])
    got = compiled.sweep(problem, theta, step)
    want = expected(problem, theta, step, index)
    scale = want.abs().max()
    torch.testing.assert_close(got.losses[:, index], want, rtol=1e-9, atol=1e-12 * float(scale))
    torch.testing.assert_close(got.value, forward(problem, theta), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("step", [0.5, -0.5])
def test_units_exactly_at_their_kink(slope: float, step: float) -> None:
    rng = np.random.default_rng(5)
    terms = (SampleTerm(0, 4, "softplus", -1.0, 0.25),)
    slopes = (slope, slope, 1.0, slope, slope, 1.0)
    problem, theta = chain(rng, (3, 7, 9, 2), (2, 9, 8, 1), 2, 4, terms, slopes)
    problem.inputs[:, :2] = 0.0
    for start, stop in ((21, 28), (91, 100), (118, 120)):  # biases
        theta[:, start:stop] = 0.0
    problem.frozen[:, 18:27] = 0.0
    index = torch.arange(theta.shape[1])
    got = compiled.sweep(problem, theta, step)
    torch.testing.assert_close(
        got.losses, expected(problem, theta, step, index), rtol=1e-12, atol=1e-13
    )


def article(
    dtype: torch.dtype, player: str, seeds: int = 1, rows: int = 64, width: int = 32
) -> tuple[DenseProblem, Tensor]:
    """The article's pair of networks, narrower."""
    rng = np.random.default_rng(11)
    half = rows // 2
    data = (2, width, width, 1)
    if player == "generator":
        terms = (SampleTerm(0, rows, "softplus", -1.0, 1.0 / rows),)
        own, behind, slopes = (16, width, width, 2), data, (0.2, 0.2, 1.0, 0.2, 0.2, 1.0)
    else:
        terms = (
            SampleTerm(0, half, "softplus", -1.0, 1.0 / half),
            SampleTerm(half, rows, "softplus", 1.0, 1.0 / half),
        )
        own, behind, slopes = data, (), (0.2, 0.2, 1.0)
    problem, theta = chain(rng, own, behind, seeds, rows, terms, slopes)
    return narrowed(problem, dtype, slice(None)), theta.to(dtype)


def narrowed(problem: DenseProblem, dtype: torch.dtype, seeds: slice) -> DenseProblem:
    return dataclasses.replace(
        problem,
        inputs=problem.inputs[seeds].to(dtype),
        frozen=problem.frozen[seeds].to(dtype),
        constant=torch.zeros_like(problem.constant[seeds], dtype=dtype),
    )


@pytest.mark.parametrize("player", ["generator", "discriminator"])
@pytest.mark.parametrize("size", [1.0, 0.5])
@pytest.mark.parametrize("step", [1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
def test_rounds_like_the_loop_in_float32(player: str, size: float, step: float) -> None:
    """Relative error against the exact gradient, and how often a difference is exactly 0.

    How far the base value lies from where it would round up shifts all of a seed's differences
    together, so the seeds are the sample: 40 of them leave some 15 % of noise in an error of
    rounding and 0.05 in a fraction; the two loops share seeds and coordinates.
    """
    problem, theta = article(torch.float32, player, seeds=40)
    theta *= size  # 0.5: about where training starts, and logits move by less than their spacing
    problem = dataclasses.replace(problem, frozen=problem.frozen * size)
    point = theta.double().requires_grad_()
    (gradient,) = torch.autograd.grad(forward(problem, point).sum(), point)
    index = torch.from_numpy(np.random.default_rng(2).permutation(theta.shape[1])[:60])
    swept = compiled.sweep(problem, theta, step)
    ours = swept.losses[:, index] - swept.value[:, None]
    loop = expected(problem, theta, step, index) - forward(problem, theta)[:, None]
    error = [float((d / step - gradient[:, index]).norm()) for d in (ours, loop)]
    zeros = [float((d == 0).double().mean()) for d in (ours, loop)]
    assert 0.6 < error[0] / error[1] < 1.6
    assert abs(zeros[0] - zeros[1]) < 0.12


@pytest.mark.parametrize("player", ["generator", "discriminator"])
@pytest.mark.parametrize("step", [1e-5, 1e-6, 1e-7])
def test_scatters_a_logit_as_the_loop_rounds_it(player: str, step: float) -> None:
    """How far single logits lie from the change in float64, and how many do not move at all.

    One row of the compiled sweep for each of a few rows of the loop's batch, whose products torch
    takes in other orders than those of a single row.
    """
    problem, theta = article(torch.float32, player, seeds=24, width=128)
    rows, rng = torch.arange(0, 64, 8), np.random.default_rng(3)
    index = torch.from_numpy(rng.permutation(theta.shape[1])[:40])
    single = dataclasses.replace(
        problem,
        inputs=problem.inputs[:, rows].flatten(0, 1)[:, None],
        frozen=problem.frozen.repeat_interleave(len(rows), 0),
        constant=torch.zeros(24 * len(rows)),
        terms=(SampleTerm(0, 1, "identity", 1.0, 1.0),),
    )
    points = theta.repeat_interleave(len(rows), 0)
    swept = compiled.sweep(single, points, step)
    ours = (swept.losses - swept.value[:, None])[:, index].double()
    exactly = compiled.sweep(narrowed(single, torch.float64, slice(None)), points.double(), step)
    true = (exactly.losses - exactly.value[:, None])[:, index]
    value, moved = logits(problem, theta), []
    for i in index.tolist():
        point = theta.clone()
        point[:, i] += step
        moved.append((logits(problem, point) - value)[:, rows].flatten())
    loop = torch.stack(moved, 1).double()
    noise = [float((d - true).square().mean().sqrt()) for d in (ours, loop)]
    zeros = [float((d == 0).double().mean()) for d in (ours, loop)]
    assert 0.7 < noise[0] / noise[1] < 1.4
    assert abs(zeros[0] - zeros[1]) < 0.15


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_threads_and_blocks_change_no_bit(dtype: torch.dtype) -> None:
    problem, theta = article(dtype, "generator", seeds=3, width=20)
    together = compiled.sweep(problem, theta, 0.01)
    shared = compiled.sweep(problem, theta, 0.01, threads=2)
    assert torch.equal(together.losses, shared.losses)
    assert torch.equal(together.value, shared.value)
    single = compiled.sweep(narrowed(problem, dtype, slice(1, 2)), theta[1:2], 0.01)
    assert torch.equal(together.losses[1:2], single.losses)
    assert torch.equal(together.value[1:2], single.value)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_step_without_effect_gives_the_value_itself(dtype: torch.dtype) -> None:
    problem, theta = article(dtype, "discriminator", seeds=2)
    swept = compiled.sweep(problem, theta, 1e-30)
    assert torch.equal(swept.losses, swept.value[:, None].expand_as(swept.losses))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e38])
def test_a_diverged_seed_is_not_finite_and_disturbs_no_other(bad: float) -> None:
    problem, theta = article(torch.float32, "generator", seeds=2)
    good = compiled.sweep(problem, theta, 0.1)
    theta[1, ::7] = bad
    begun = time.process_time()
    swept = compiled.sweep(problem, theta, 0.1)
    assert time.process_time() - begun < 1.0
    assert not swept.losses[1].isfinite().any()
    assert not swept.value[1].isfinite()
    assert torch.equal(swept.losses[0], good.losses[0])


def test_a_step_that_is_not_finite_spoils_its_coordinate_only() -> None:
    problem, theta = article(torch.float64, "discriminator")
    steps = torch.full_like(theta, 1e-2)
    steps[0, 3] = torch.nan
    swept = compiled.sweep(problem, theta, steps)
    finite = swept.losses[0].isfinite()
    assert not finite[3]
    assert finite.sum() == theta.shape[1] - 1


def test_covers() -> None:
    problem, _, _ = random_chain(0)
    term = problem.terms[0]
    assert not compiled.covers(None)
    unknown = dataclasses.replace(term, function="cosine")
    assert not compiled.covers(dataclasses.replace(problem, terms=(term, unknown)))
    infinite = (float("inf"), *problem.slopes[1:])
    assert not compiled.covers(dataclasses.replace(problem, slopes=infinite))
    half = problem.inputs.half()
    assert not compiled.covers(dataclasses.replace(problem, inputs=half))


@pytest.mark.parametrize("place", ["/proc/approxgan", __file__])
def test_works_without_a_folder_to_keep_the_code_in(place: str) -> None:
    """Only decorates and stores nothing: compiling from nothing would take most of a minute."""
    code = (
        "import os, numba; from approxgan.objective.sweep import _cache;"
        "f = _cache.entry('probe')(lambda x: x + 1); assert f(1) == 2;"
        "assert numba.config.CACHE_DIR == os.environ['NUMBA_CACHE_DIR']"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": place, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, env=environment)
