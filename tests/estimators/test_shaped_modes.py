"""Evolution strategies and structured directions: ranks, twins, orthogonality."""

from __future__ import annotations

import pytest
import torch
from scipy.linalg import hadamard
from scipy.stats import rankdata
from worlds.estimates import SLOPES, build, linear, smooth
from worlds.games import game, objectives, rng

from approxgan.estimators.evolution_strategy import centred_ranks
from approxgan.objective import objective
from approxgan.testing import check


def strategy(directions=5, shaping="ranks"):
    return build("evolution_strategy", directions=directions, shaping=shaping)


def structured(directions, structure, sides=2):
    return build("structured_directions", directions=directions, structure=structure, sides=sides)


def test_raw_pairs_are_two_sided_gaussian_directions():
    twin = build("random_direction", directions=40, distribution="gaussian", sides=2)
    for f, theta in objectives(game()).values():
        one = strategy(40, "raw").estimate(f, theta, eps=1e-3, rng=rng())
        other = twin.estimate(f, theta, eps=1e-3, rng=rng())
        assert torch.equal(one.grad, other.grad)
        assert one.forwards == other.forwards == 80


def test_ranks_are_those_of_scipy():
    losses = torch.tensor([[3.0, 1.0, 1.0, -2.0, 3.0, 7.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]])
    expected = torch.from_numpy((rankdata(losses.numpy(), axis=1) - 1) / 5 - 0.5)
    assert torch.allclose(centred_ranks(losses.T), expected.float().T)
    inf, nan = float("inf"), float("nan")
    worst = centred_ranks(torch.tensor([[1.0], [nan], [inf], [-inf]]))
    assert worst[:, 0].tolist() == pytest.approx([-1 / 6, 1 / 3, 1 / 3, -0.5])


@pytest.mark.parametrize("transform", [torch.exp, lambda f: f**3 - 5.0, lambda f: 100.0 * f])
def test_ranks_do_not_see_an_increasing_transformation(transform):
    theta = torch.linspace(-0.7, 0.9, 8, dtype=torch.float64).reshape(2, 4)
    mode = strategy(40)
    one = mode.estimate(objective(smooth), theta, eps=0.1, rng=rng())
    f = objective(lambda points: transform(smooth(points)))
    assert torch.equal(mode.estimate(f, theta, eps=0.1, rng=rng()).grad, one.grad)


def test_ranks_on_a_linear_loss_have_the_length_that_theory_says():
    """E[(2Φ(z) - 1) z] = 1/√π for a standard normal z."""
    draws, eps = 400, 0.1
    theta = torch.zeros(draws, 20, dtype=torch.float64)
    f = objective(linear, how="batched")
    grads = strategy(300).estimate(f, theta, eps=eps, rng=rng(range(draws))).grad
    expected = SLOPES / SLOPES.norm() / (2.0 * eps * torch.pi**0.5)
    noise = 4.5 * grads.std(0) / draws**0.5
    # Ranks of 600 values approach the distribution's by about 1/600.
    assert ((grads.mean(0) - expected).abs() < noise + expected.abs() / 100).all()


@pytest.mark.parametrize("dimension", [1, 5, 8, 33])
@pytest.mark.parametrize("structure", ["hadamard", "blocks"])
def test_directions_have_length_root_d_and_their_structure(dimension, structure):
    q = min(dimension, 4)
    parts = structured(q, structure).drawn(dimension, rng(), 3)
    drawn = torch.cat(list(parts), 1)
    assert drawn.shape == (2, q, dimension)
    if structure == "hadamard":
        assert (drawn.abs() == 1).all()
        # Quotients of two rows do not depend on the signs: they are a row of the matrix.
        order = 1 << (dimension - 1).bit_length()
        rows = torch.from_numpy(hadamard(order)).double()[:, :dimension]
        for seed in drawn:
            assert all((seed[0] * u == rows).all(1).any() for u in seed)
    else:
        inner = drawn @ drawn.mT
        assert torch.equal(inner, torch.diag_embed(inner.diagonal(dim1=1, dim2=2)))
        assert ((drawn != 0).sum(1) == 1).all(), "every coordinate is in one block"
        sizes = (drawn != 0).sum(2)
        assert int(sizes.max() - sizes.min()) <= 1
        assert float(drawn.square().sum()) == pytest.approx(2 * q * dimension)


@pytest.mark.parametrize("structure", ["hadamard", "blocks"])
def test_as_many_directions_as_dimensions_give_the_gradient(structure):
    theta = torch.linspace(-1, 1, 16, dtype=torch.float64).reshape(2, 8)
    f = objective(lambda points: torch.sin(points).sum(-1))
    grad = structured(8, structure).estimate(f, theta, eps=1e-5, rng=rng()).grad
    assert torch.allclose(grad, torch.cos(theta), rtol=1e-7)


@pytest.mark.parametrize("structure", ["hadamard", "blocks"])
def test_more_directions_than_dimensions_are_refused(structure):
    with pytest.raises(ValueError, match="directions=3 orthogonal directions do not fit in 2"):
        structured(3, structure).estimate(
            objective(smooth), torch.zeros(1, 2), eps=0.1, rng=rng((0,))
        )


def test_ranks_conform_but_in_length():
    assert check(strategy(), unbiased=False, show=None).failed == ()
