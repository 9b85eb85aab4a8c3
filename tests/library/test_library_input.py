"""Bad input of the library: one line that names the value and what is accepted, nothing changed."""

from __future__ import annotations

import functools
import re

import numpy as np
import pytest
import torch
from torch import nn

import approxgan
from approxgan.core.errors import InputError
from approxgan.library.evaluation import signature

THETA = torch.tensor([1.0, 2.0, 3.0])
NET = nn.Linear(3, 1)
FROZEN = nn.Linear(3, 1).requires_grad_(False)
COUNTED = {"calls": 0}
BEFORE = approxgan.estimate(lambda theta: theta.sum(), THETA, "exact")


def plain(theta):
    return theta.square().sum()


def late(theta):
    """Not a number at its third evaluation."""
    COUNTED["calls"] += 1
    return plain(theta) * (np.nan if COUNTED["calls"] == 3 else 1.0)


CASES = {
    "no parameters that need gradients": (plain, FROZEN, {}, r"params hold no tensor that needs"),
    "frozen in a list": (plain, list(FROZEN.parameters()), {}, "params hold no tensor that needs"),
    "an empty list": (plain, [], {}, "params hold no tensor"),
    "no numbers": (plain, torch.zeros(0), {}, "params hold no numbers"),
    "whole numbers": (plain, {"a": torch.tensor([1])}, {}, r"params\['a'\] is torch.int64"),
    "complex": (plain, [torch.ones(2, dtype=torch.complex64)], {}, r"params\[0\] is torch.complex"),
    "sparse": (plain, THETA.to_sparse(), {}, "torch.sparse_coo"),
    "two devices": (plain, [THETA, THETA.to("meta")], {}, r"params\[1\] is on meta, params"),
    "eight bits": (plain, [THETA.to(torch.float8_e4m3fn)], {}, r"params\[0\] is torch.float8_e4"),
    "no numbers on meta": (plain, THETA.to("meta"), {}, "params are on meta, which holds no"),
    "nested": (
        plain, torch.nested.nested_tensor([THETA], layout=torch.jagged), {}, "accepted: strided"),
    "lazy": (plain, nn.LazyLinear(1), {}, "weight has no shape yet; accepted: a lazy module that"),
    "no tensors": (plain, [1.0], {}, r"params\[0\] is float"),
    "an array": (plain, np.ones(3), {}, "params is ndarray"),
    "no step": (plain, THETA, {"eps": None}, "eps is None; spsa needs"),
    "a step of zero": (plain, THETA, {"eps": 0.0}, r"eps is 0.0; .*> 0"),
    "a step below": (plain, THETA, {"eps": -1e-3}, "eps is -0.001"),
    "a step that is none": (plain, THETA, {"eps": float("nan")}, "eps is nan"),
    "a step without end": (plain, THETA, {"eps": float("inf")}, "eps is inf"),
    "a step beyond all": (plain, THETA, {"eps": 10**400}, "eps is a whole number of 1329 bits"),
    "a step on meta": (plain, THETA, {"eps": torch.tensor(0.1, device="meta")}, "eps is tensor"),
    "a list of steps": (plain, THETA, {"mode": "forward_difference", "eps": [0.1]},
                        r"eps\[0\] is float; accepted: a tensor, a list, tuple or dict of them$"),
    "a word as step": (plain, THETA, {"eps": "adaptive"}, "eps is 'adaptive'"),
    "true as step": (plain, THETA, {"eps": True}, "eps is True"),
    "true of numpy as step": (plain, THETA, {"eps": np.True_}, "eps is np.True_"),
    "true in a tensor as step": (plain, THETA, {"eps": torch.tensor(True)}, r"eps is tensor\(True"),
    "bytes as step": (plain, THETA, {"eps": b"1"}, "eps is b'1'"),
    "complex steps": (plain, THETA, {"mode": "forward_difference", "eps": THETA + 0j},
                      "eps holds torch.complex64 .*; accepted: real numbers, strided"),
    "sparse steps": (
        plain, THETA, {"mode": "forward_difference", "eps": THETA.to_sparse()}, "torch.sparse_coo"),
    "common by a word": (plain, THETA, {"common": "no"}, "common is 'no'; accepted: True or False"),
    "a step for each": (plain, THETA, {"eps": THETA}, "eps is Tensor, but spsa moves all"),
    "steps of a wrong shape": (
        plain, THETA, {"mode": "forward_difference", "eps": torch.ones(2)}, "eps has tensors of"),
    "steps of which one is zero": (
        plain, THETA, {"mode": "forward_difference", "eps": torch.tensor([1.0, 0, 1])}, "not > 0"),
    "a step for exact": (plain, THETA, {"mode": "exact"}, "eps=0.001: exact takes none"),
    "a step that rounding loses": (plain, THETA.bfloat16(), {}, "eps=0.001 is lost in torch.bf"),
    "a step that float32 loses": (plain, THETA, {"eps": 1e-9}, "eps=1e-09 is lost in torch.fl"),
    "steps that float32 loses": (
        plain, THETA, {"mode": "forward_difference", "eps": 1e-9 * THETA}, "eps is lost in torch"),
    "a mode in capitals": (plain, THETA, {"mode": "SPSA"}, r"'SPSA' .*did you mean 'spsa'"),
    "an unknown mode": (plain, THETA, {"mode": "spas"}, r"'spas' .*did you mean 'spsa'"),
    "a mode of generators": (plain, THETA, {"mode": "avo"}, "avo is for the generators of the"),
    "an unknown setting": (plain, THETA, {"q": 3}, "unknown setting 'q'; accepted: directions"),
    "a setting that is needed": (plain, THETA, {"mode": "random_direction"}, "'distribution' is"),
    "no directions": (plain, THETA, {"directions": 0}, "directions is 0"),
    "a mode that is none": (plain, THETA, {"mode": 3}, "mode is int"),
    "too many directions": (
        plain, THETA, {"mode": "random_direction", "directions": 4, "distribution": "orthonormal",
                       "sides": 1}, "directions=4 orthonormal directions do not fit in 3"),
    "too many coordinates": (plain, THETA, {"mode": "random_coordinates", "coordinates": 4},
                             "coordinates=4 is more than the 3 parameters; accepted: 1 to 3"),
    "an estimate before that is none's": (
        plain, THETA, {"before": BEFORE}, "before has 3 numbers"),
    "an estimate before that is a tensor": (
        plain, THETA, {"before": THETA}, "before is Tensor; accepted: an estimate"),
    "no function": (3.0, THETA, {}, "loss is float; accepted: a function"),
    "no argument": (lambda: 1.0, THETA, {}, "the loss takes no argument"),
    "too many arguments": (lambda a, b: 1.0, THETA, {}, "the loss needs 2 arguments"),
    "nothing": (lambda t: None, THETA, {}, "the loss returned NoneType; accepted: one real number"),
    "a text": (lambda t: "1", THETA, {}, "the loss returned str"),
    "a complex number": (lambda t: 1j, THETA, {}, "the loss returned complex"),
    "a complex tensor": (lambda t: plain(t) * 1j, THETA, {}, "the loss returned torch.complex64"),
    "a vector": (lambda t: t, THETA, {}, r"returned torch.float32 of shape \(3,\); .*many="),
    "a sparse tensor": (lambda t: plain(t)[None].to_sparse(), THETA, {}, "torch.sparse_coo on cpu"),
    "a tensor without numbers": (lambda t: plain(t).to("meta"), THETA, {}, "on meta; accepted"),
    "a vector of numpy": (lambda t: np.ones(2), THETA, {}, r"returned ndarray of shape \(2,\)"),
    "not a number": (late, THETA, {"directions": 2}, "the loss is nan at evaluation 3"),
    "infinite": (lambda t: np.inf, THETA, {}, "the loss is inf at evaluation 1"),
    "a wrong many": (plain, THETA, {"many": "pool"}, "many is 'pool'"),
    "a pool that loses points": (
        plain, THETA, {"many": lambda points: [1.0]}, "many returned 1 numbers for 2 points"),
    "a pool of nothing": (plain, THETA, {"many": lambda points: None}, "many returned NoneType"),
    "a pool of one number": (
        plain, THETA, {"many": lambda points: torch.ones(())}, "many returned Tensor"),
    "a pool that names points": (
        plain, THETA, {"many": lambda points: {"a": 1.0, "b": 2.0}}, "many returned dict"),
    "a vmap that cannot be": (
        lambda t: plain(t).item(), THETA, {"many": "vmap"}, "many='vmap' needs .*: many='loop'"),
    "a seed below": (plain, THETA, {"generator": -1}, "generator is -1"),
    "a seed that is none": (plain, THETA, {"generator": 1.5}, "generator is 1.5"),
    "a seed with a fraction": (plain, THETA, {"generator": torch.tensor(3.0)}, "generator is tens"),
    "a generator of numpy": (plain, THETA, {"generator": np.random.default_rng()}, "accepted: a t"),
    "the global generator": (
        plain, THETA, {"generator": torch.default_generator}, "generator is torch's default one"),
    "a generator elsewhere": (plain, THETA.to("meta"), {"generator": torch.Generator()},
                              "generator is on cpu, but params are on meta"),
    "kinks that are unknown": (plain, THETA, {"mode": "subgradient", "alpha": 0.5, "eps": None},
                               "does not show where its kinks are"),
    "numpy differentiated": (lambda t: float(plain(t)), THETA, {"mode": "exact", "eps": None},
                             "torch cannot differentiate this loss"),
    "rounding differentiated": (
        lambda t: plain(t).round(), THETA, {"mode": "forward_gradient", "eps": None},
        "torch cannot differentiate this loss"),
}  # fmt: skip


@pytest.mark.parametrize("call", [approxgan.estimate, approxgan.backward])
@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_one_line_and_changes_nothing(case, call):
    loss, params, options, said = CASES[case]
    COUNTED["calls"] = 0
    given = {"mode": "spsa", "eps": 1e-3, **options}
    theta, state = THETA.clone(), torch.get_rng_state()
    with pytest.raises(ValueError, match=said) as raised:
        call(loss, params, **given)
    assert "\n" not in str(raised.value)
    assert re.search("accepted|needs|needed|fit", str(raised.value))
    assert torch.equal(THETA, theta)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(p.grad is None for p in [*NET.parameters(), *FROZEN.parameters(), THETA])


def test_a_fault_of_the_loss_is_its_own_error_and_the_module_is_as_before():
    net = nn.Linear(3, 1)
    before = dict(net.named_parameters())

    def broken():
        net(THETA)
        raise KeyError("mine")

    for mode, eps in (("spsa", 1e-3), ("exact", None), ("forward_difference", 1e-3)):
        for many in ("loop", "vmap"):
            with pytest.raises(KeyError, match="mine"):
                approxgan.estimate(broken, net, mode, eps=eps, many=many)
    assert all(tensor is before[name] for name, tensor in net.named_parameters())
    assert all(tensor.grad is None for tensor in before.values())


def test_what_a_loss_takes_is_read_alike_from_a_function_and_from_an_object():
    """A function's is remembered with its code: not for another number of defaults."""
    held = 1.0

    def one(theta, *, generator=None):
        return held

    def two(theta, scale):
        return held

    for f in (plain, one, two, lambda: held, lambda *theta: held, lambda a=1, /, b=2: held):
        for of_module in (False, True):
            found = []
            for form in (f, functools.partial(f)):
                try:
                    found.append(signature(form, of_module))
                except InputError as error:
                    found.append(str(error))
            assert found[0] == found[1]
    two.__defaults__ = (1.0,)
    assert signature(two, of_module=False) == (True, False)


def test_gradients_of_computed_tensors_are_refused():
    computed = THETA.clone().requires_grad_(True) * 2
    with pytest.raises(InputError, match="params is computed from other tensors; accepted: leaves"):
        approxgan.backward(plain, computed, "spsa", eps=1e-3)
    assert approxgan.estimate(plain, computed, "exact").grads.shape == (3,)


def test_inside_of_vmap_an_estimate_says_so():
    def grads(theta):
        return approxgan.estimate(plain, theta, "spsa", eps=1e-3).grads

    with pytest.raises(InputError, match="params are many at once, of torch"):
        torch.func.vmap(grads)(THETA.repeat(2, 1))


@pytest.mark.parametrize("name", ["estimates", "Estimate", "objectiv"])
def test_the_package_has_no_other_names(name):
    with pytest.raises(AttributeError, match=name):
        getattr(approxgan, name)
