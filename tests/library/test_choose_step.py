"""The step of a user's loss: where theory has it, within the factor that the search accepts."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from worlds.noise import uniform

import approxgan
from approxgan.core.errors import InputError

SIGMA = 1e-6


def curved(theta):
    """f = 1, |f''| = 4 and |f'''| = 8 along every coordinate at 0, and noise."""
    smooth = 1.0 + (2.0 * theta.square() + 4.0 / 3.0 * theta**3).sum()
    return smooth + 3.0**0.5 * SIGMA * uniform(theta[None])[0]


@pytest.mark.parametrize(
    ("mode", "best"),
    [
        ("forward_difference", 2.0 * (3.0**0.5 * SIGMA / 4.0) ** 0.5),
        ("central_difference", (3.0 * 3.0**0.5 * SIGMA / 8.0) ** (1 / 3)),
        ("spsa", None),
    ],
)
def test_the_step_is_the_best_one(mode, best):
    theta = torch.zeros(5, dtype=torch.float64)
    chosen = approxgan.choose_step(curved, theta, mode, generator=0)
    assert chosen.noise == pytest.approx(SIGMA, rel=0.6)
    if best is not None:
        # Ratios of 1.5 to 6 are accepted around 3, and σ is known to a factor 2.
        assert best / 3 < chosen.eps < 3 * best
        truth = torch.zeros(5)
        at = {
            k: approxgan.estimate(curved, theta, mode, eps=chosen.eps * k) for k in (1, 100, 0.01)
        }
        error = {k: float((made.grads - truth).norm()) for k, made in at.items()}
        assert error[1] < min(error[100], error[0.01]) / 3
    assert 0 < chosen.eps < 1


def test_it_says_why():
    theta = torch.zeros(5, dtype=torch.float64)
    why = approxgan.choose_step(curved, theta, "forward_difference", generator=0).why
    assert "noise σ = " in why
    assert "|f''| about" in why
    straight = approxgan.choose_step(lambda t: 1.0 + t.sum(), theta, "spsa", generator=0)
    assert "nearly straight" in straight.why
    assert straight.eps == pytest.approx(1.0, rel=1.0)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_a_modules_step_is_one_that_its_type_holds(dtype):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)).to(dtype)
    x = torch.randn(16, 3, dtype=dtype)
    calls = []

    def loss():
        calls.append(1)
        return net(x).double().square().mean()

    for mode in ("forward_difference", "central_difference", "spsa"):
        chosen = approxgan.choose_step(loss, net, mode, generator=1)
        assert chosen.forwards == len(calls)
        calls.clear()
        made = approxgan.estimate(loss, net, mode, eps=chosen.eps, generator=1)
        calls.clear()
        if mode != "spsa":
            exact = approxgan.estimate(loss, net, "exact").grads
            mine = torch.cat([g.double().flatten() for g in made.grads.values()])
            true = torch.cat([g.double().flatten() for g in exact.values()])
            bound = {torch.float64: 1e-5, torch.float32: 0.01}.get(dtype, 0.6)
            assert float((mine - true).norm() / true.norm()) < bound
        calls.clear()


def test_modes_without_differences_have_no_step():
    with pytest.raises(InputError, match="exact takes no differences"):
        approxgan.choose_step(curved, torch.zeros(3), "exact")


@pytest.mark.parametrize("tries", [0, -1, 1.5, True])
def test_a_number_of_tries_that_is_none_is_refused(tries):
    with pytest.raises(InputError, match=f"tries is {tries}; accepted: a whole number, 1 or more"):
        approxgan.choose_step(curved, torch.zeros(3), "spsa", tries=tries)
