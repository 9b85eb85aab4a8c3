"""The compiled sweep against a loop over torch forward passes of the same chain."""

from __future__ import annotations

import dataclasses
import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import Tensor

from approxgan.objective.problem import DenseProblem, SampleTerm
from approxgan.objective.sweep import compiled, direct, loops
from approxgan.objective.sweep._series import radii
from approxgan.objective.terms import FUNCTIONS

SLOPES = (0.0, 0.2, 1.0, 1.5)
STEPS = (1e-6, 1e-3, 0.1, 1.0, 10.0, -0.3, None)
"""None: one of its own for every coordinate and seed."""


def logits(problem: DenseProblem, theta: Tensor) -> Tensor:
    """θ [S, P] -> logits [S, rows], in θ's type."""
    parameters = torch.cat([theta, problem.frozen.to(theta.dtype)], 1)
    h, at = problem.inputs.to(theta.dtype), 0
    for n, m, slope in zip(problem.sizes[:-1], problem.sizes[1:], problem.activations, strict=True):
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
        loss = loss + term.weight * FUNCTIONS[term.function](rows).mean(-1)
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
        SampleTerm(0, rows - cut, pair[0], -1.0, (rows - cut) / rows),
        SampleTerm(rows // 2, rows, pair[1], float(rng.choice([1.0, 0.7])), 0.2),
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
    """What ``loops.plain`` gives, at some coordinates."""
    steps = torch.as_tensor(step, dtype=theta.dtype).expand_as(theta)

    def along(part: Tensor) -> Tensor:
        return forward(problem, theta.index_copy(1, index, part))

    return loops.plain(along, theta[:, index], steps[:, index]).losses


@pytest.mark.parametrize("seed", range(84))
def test_is_the_same_function_as_the_loop(seed: int) -> None:
    problem, theta, step = random_chain(seed)
    assert direct.covers(problem)
    assert compiled.covers(problem)
    count = theta.shape[1]
    index = torch.from_numpy(np.random.default_rng(seed).permutation(count)[:150])
    got = compiled.sweep(problem, theta, step)
    want = expected(problem, theta, step, index)
    scale = want.abs().max()
    torch.testing.assert_close(got.losses[:, index], want, rtol=1e-9, atol=1e-12 * float(scale))
    torch.testing.assert_close(got.value, forward(problem, theta), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("way", [compiled, direct])
@pytest.mark.parametrize("seed", [1, 34])
def test_no_result_depends_on_what_memory_held(way, seed: int, monkeypatch) -> None:
    """Batches of 19 and 3 samples, which are no multiple of what is computed together."""
    problem, theta, step = random_chain(seed)
    clean, empty = way.sweep(problem, theta, step), np.empty

    def used(shape, dtype):
        array = empty(shape, dtype)
        if array.dtype.kind == "f":
            array.fill(np.nan)
        return array

    monkeypatch.setattr(np, "empty", used)
    swept = way.sweep(problem, theta, step)
    assert torch.equal(swept.losses, clean.losses)
    assert torch.equal(swept.value, clean.value)


@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("step", [0.5, -0.5])
def test_units_exactly_at_their_kink(slope: float, step: float) -> None:
    rng = np.random.default_rng(5)
    terms = (SampleTerm(0, 4, "softplus", -1.0, 1.0),)
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


EXACT = {
    "identity": lambda z: z,
    "softplus": lambda z: np.logaddexp(np.longdouble(0), z),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "square": lambda z: z * z,
    "square_to_one": lambda z: (z - 1) ** 2,
    "hinge": lambda z: np.maximum(0, 1 + z),
}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("sign", [1.0, -0.7])
def test_a_change_of_the_logit_is_exact_to_rounding(function: str, sign: float) -> None:
    """A network that is its own logit, moved as far as each number of powers goes, and further."""
    z = torch.linspace(-40, 40, 1601, dtype=torch.float64)
    term = SampleTerm(0, 1, function, sign, 1.0)
    zeros = torch.zeros(len(z), 1, dtype=torch.float64)
    inputs = z[:, None, None]
    problem = DenseProblem((1, 1), (1.0,), 1, inputs, zeros[:, :0], (term,), zeros[:, 0])
    theta = torch.tensor([[1.0, 0.0]], dtype=torch.float64).repeat(len(z), 1)
    limits = radii([dataclasses.replace(term, function="softplus")], np.dtype(np.float64))
    steps = [*(limits * 0.999), *-limits, 1.01 * limits[-1], 0.3, -7.0, 90.0]
    for step in map(float, steps):
        moved = compiled.sweep(problem, theta, step).losses[:, 1].numpy()
        start = z.numpy().astype(np.longdouble)
        here, want = (EXACT[function](sign * at) for at in (start, start + step))
        assert np.all(np.abs(moved - want) <= 1e-15 * (1 + np.abs(want) + np.abs(here)))


def test_a_step_that_is_not_finite_spoils_its_coordinate_only() -> None:
    problem, theta, _ = random_chain(3)
    steps = torch.full_like(theta, 1e-2)
    steps[0, 3] = torch.nan
    swept = compiled.sweep(problem, theta, steps)
    finite = swept.losses[0].isfinite()
    assert not finite[3]
    assert finite.sum() == theta.shape[1] - 1


def test_covers() -> None:
    problem, _, _ = random_chain(0)
    infinite = (float("inf"), *problem.activations[1:])
    assert not direct.covers(dataclasses.replace(problem, activations=infinite))
    half = problem.inputs.half()
    assert not direct.covers(dataclasses.replace(problem, inputs=half))


@pytest.mark.parametrize("place", ["/proc/approxgan", __file__])
def test_works_without_a_folder_to_keep_the_code_in(place: str) -> None:
    """Only decorates and stores nothing: compiling from nothing would take most of a minute."""
    code = (
        "import os, numba; from approxgan.objective.sweep import _cache;"
        "f = _cache.entry(lambda x: x + 1); assert f(1) == 2;"
        "assert numba.config.CACHE_DIR == os.environ['NUMBA_CACHE_DIR']"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": place, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, env=environment)
