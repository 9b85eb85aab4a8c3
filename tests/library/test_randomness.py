"""Draws: directions are the generator's, those of the loss are common, the global ones stay."""

from __future__ import annotations

import pickle
import random
import warnings

import numpy as np
import pytest
import torch
from torch import nn

import approxgan
from approxgan.library import randomness, steps
from approxgan.library.randomness import CommonDraws, GeneratorStreams
from approxgan.library.steps import NoiseWarning

THETA = torch.linspace(-1, 1, 6, dtype=torch.float64)


def plain(theta):
    return theta.square().sum()


def states():
    _, keys, *rest = np.random.get_state()
    return [torch.get_rng_state().tolist(), keys.tolist(), rest, random.getstate()]


def test_signs_and_normals_have_their_moments():
    rng = GeneratorStreams(torch.Generator().manual_seed(0), 3, torch.float64)
    signs = rng.signs(40, 501)
    assert signs.shape == (3, 40, 501)
    assert set(signs.unique().tolist()) == {-1.0, 1.0}
    count = signs.numel()
    assert abs(float(signs.mean())) < 4.5 / count**0.5
    # Bits of one octet, and neighbours of two, are independent.
    flat = signs.flatten()
    for lag in (1, 3, 8):
        assert abs(float((flat[lag:] * flat[:-lag]).mean())) < 4.5 / count**0.5
    normal = rng.normal(40, 501)
    assert normal.shape == (3, 40, 501)
    assert abs(float(normal.mean())) < 4.5 / count**0.5
    assert float(normal.square().mean()) == pytest.approx(1.0, abs=4.5 * (2 / count) ** 0.5)


def test_directions_are_the_generators_alone():
    torch.manual_seed(0)
    before = states()

    theta = torch.linspace(-1, 1, 100, dtype=torch.float64)  # fewer signs are often drawn again

    def grads(generator):
        return approxgan.estimate(plain, theta, "spsa", eps=1e-3, generator=generator).grads

    assert torch.equal(grads(3), grads(3))
    assert not torch.equal(grads(3), grads(4))
    assert not torch.equal(grads(None), grads(None))
    g = torch.Generator().manual_seed(3)
    assert torch.equal(grads(g), grads(3))
    assert not torch.equal(grads(g), grads(3)), "a generator goes on"
    assert states() == before


def by_torch(theta):
    return (theta * (1 + torch.randn(6, dtype=torch.float64))).sum()


def by_numpy(theta):
    # An odd number of normals: NumPy keeps half of a pair for the next call.
    return (theta * torch.from_numpy(np.random.standard_normal(6) + np.random.randn())).sum()


def by_python(theta):
    return theta.sum() * random.gauss(1.0, 1.0)


def by_handed(theta, generator):
    return (theta * torch.randn(6, generator=generator, dtype=torch.float64)).sum()


def by_dropout(theta):
    return nn.functional.dropout(theta, 0.5).sum()


DRAWING = [by_torch, by_numpy, by_python, by_handed, by_dropout]


@pytest.mark.parametrize("mode", ["forward_difference", "central_difference"])
@pytest.mark.parametrize("loss", DRAWING)
def test_common_draws_make_the_slopes_of_one_draw(loss, mode):
    """The losses are linear in θ for one draw, so that their slopes are that draw's factors."""
    for mod in (torch.manual_seed, np.random.seed, random.seed):
        mod(5)
    steps._examined.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = approxgan.estimate(loss, THETA, mode, eps=1e-4, generator=11)
    after = states()
    if loss is by_handed:
        again = approxgan.estimate(loss, THETA, mode, eps=1e-4, generator=11)
        assert torch.equal(again.grads, made.grads)
        assert float((made.grads * THETA).sum()) == pytest.approx(float(made.value))
        return
    for mod in (torch.manual_seed, np.random.seed, random.seed):
        mod(5)
    point = THETA.clone().requires_grad_(True)
    value = loss(point)
    value.backward()
    assert torch.allclose(made.grads, point.grad, rtol=1e-8, atol=1e-10)
    assert float(value.detach()) == pytest.approx(float(made.value))
    assert states() == after, "an estimate draws as one call of the loss does"


@pytest.fixture(params=[True, False], ids=["in memory", "by their state"])
def found(request, monkeypatch):
    """Whether the words of the default generators were found in memory."""
    assert None not in (randomness.PYTHON_WORDS, randomness.NUMPY_WAITS)
    if not request.param:
        monkeypatch.setattr(randomness, "PYTHON_WORDS", None)
        monkeypatch.setattr(randomness, "NUMPY_WAITS", None)


@pytest.mark.usefixtures("found")
@pytest.mark.parametrize("kind", [np.random.MT19937, np.random.PCG64])
@pytest.mark.parametrize("waiting", [0, 1])
@pytest.mark.parametrize("normals", [0, 1, 2, 3, 2000])
def test_numpys_default_generator_is_put_back_whatever_it_is_and_holds(kind, waiting, normals):
    """After one normal number the other of its pair waits: it is drawn without a new word."""
    before = np.random.get_bit_generator()
    np.random.set_bit_generator(kind(5))
    try:
        np.random.standard_normal(waiting)
        draws = CommonDraws(torch.device("cpu"), None)
        first = np.random.standard_normal(normals).tolist()
        after = pickle.dumps(np.random.get_state(legacy=False))
        for _ in range(2):
            draws.rewind()
            assert np.random.standard_normal(normals).tolist() == first
        assert pickle.dumps(np.random.get_state(legacy=False)) == after
    finally:
        np.random.set_bit_generator(before)


@pytest.mark.usefixtures("found")
@pytest.mark.parametrize("waiting", [0, 1])
@pytest.mark.parametrize("normals", [0, 1, 2, 3, 2000])
def test_pythons_default_generator_is_put_back_whatever_it_holds(waiting, normals):
    random.seed(5)
    for _ in range(waiting):
        random.gauss(0.0, 1.0)
    draws = CommonDraws(torch.device("cpu"), None)
    first = [random.gauss(0.0, 1.0) for _ in range(normals)]
    after = random.getstate()
    for _ in range(2):
        draws.rewind()
        assert [random.gauss(0.0, 1.0) for _ in range(normals)] == first
    assert random.getstate() == after


@pytest.mark.parametrize("common", [True, False])
def test_vmap_draws_alike_where_draws_are_common(common):
    torch.manual_seed(0)
    made = approxgan.estimate(
        lambda t: by_torch(t) * 0 + torch.randn(()) + t.sum(),
        THETA, "forward_difference", eps=1e-2, many="vmap", common=common,
    )  # fmt: skip
    error = float((made.grads - 1.0).abs().max())
    assert error < 1e-5 if common else error > 1.0


def test_fresh_draws_cost_the_noise_over_epsilon():
    """σ = 1 at ε = 0.1: one-sided slopes err by √2 σ / ε each, two-sided ones by σ / (√2 ε)."""
    theta, eps = torch.zeros(4000, dtype=torch.float64), 0.1
    torch.manual_seed(1)
    for mode, law in (("forward_difference", 2**0.5 / eps), ("central_difference", 0.5**0.5 / eps)):
        made = approxgan.estimate(
            lambda t: t.sum() + torch.randn((), dtype=torch.float64),
            theta, mode, eps=eps, common=False,
        )  # fmt: skip
        base = made.grads - 1.0
        # All one-sided slopes have the base's noise in common.
        spread = float(base.std()) * (2**0.5 if mode == "forward_difference" else 1.0)
        assert spread == pytest.approx(law, rel=4.5 / (2 * 4000) ** 0.5)


class Fresh:
    """Draws from a generator of its own, which nobody can put back."""

    def __init__(self, sigma):
        self.rng, self.sigma = np.random.default_rng(0), sigma

    def __call__(self, theta):
        return theta.square().sum() + self.sigma * self.rng.standard_normal()


def test_noise_that_is_not_common_is_noticed_with_its_size_and_step():
    with pytest.warns(
        NoiseWarning, match=r"standard deviation .*eps=1e-06.*a step of about"
    ) as told:
        approxgan.estimate(Fresh(1e-3), THETA, "central_difference", eps=1e-6)
    words = str(told[0].message).split()
    sigma = float(words[words.index("deviation") + 1].rstrip(":"))
    assert sigma == pytest.approx(1e-3, rel=4.5 / 14**0.5)
    assert told[0].filename == __file__
    f = Fresh(1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # A step that is large enough is no reason to warn; nor are draws that are meant.
        approxgan.estimate(f, THETA, "central_difference", eps=10.0)
        approxgan.estimate(Fresh(1e-3), THETA, "central_difference", eps=1e-6, common=False)
        approxgan.estimate(plain, THETA, "central_difference", eps=1e-6)


def test_each_loss_is_looked_at_once_also_if_a_loop_defines_it_anew():
    steps._examined.clear()
    counts = []
    for shift in range(3):
        made = approxgan.estimate(lambda t, shift=shift: plain(t) + shift, THETA, "spsa", eps=1e-3)
        counts.append(made.forwards)
    assert counts == [4, 2, 2]


def test_a_pool_that_draws_anew_at_each_point_is_noticed_though_its_loss_is_known():
    """Only the pool can give its points the same draws."""

    def noisy(theta):
        return theta.sum() + np.random.randn()

    approxgan.estimate(noisy, THETA, "spsa", eps=1e-3)
    with pytest.warns(NoiseWarning, match="eps=0.001 are mostly noise"):
        approxgan.estimate(
            noisy, THETA, "spsa", eps=1e-3, many=lambda points: [noisy(p) for p in points]
        )


def test_common_draws_leave_the_generators_where_one_call_does():
    torch.manual_seed(2)
    draws = CommonDraws(torch.device("cpu"), None)
    first = torch.rand(3)
    draws.rewind()
    assert torch.equal(torch.rand(3), first)
