"""Estimates of a user's loss: on f with known slopes, in every structure, counted, nothing written.

θ = (1, 2, 3) of f = Σ i θ_i² / 2 has the gradient (1, 4, 9) and third derivatives 0.
"""

from __future__ import annotations

import copy
import pickle
import signal

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize
from worlds.estimates import BUILT, MODES, epsilon_of
from worlds.variants import EXAMPLE

import approxgan
from approxgan.core.protocols import Estimate
from approxgan.library import steps
from approxgan.library.evaluation import LossObjective, number
from approxgan.library.randomness import GeneratorStreams
from approxgan.objective import objective

FREE = [name for name in MODES if name != "subgradient"]
BLIND = [name for name in FREE if not BUILT[name].differentiates]
THETA = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
TRUTH = torch.tensor([1.0, 4.0, 9.0], dtype=torch.float64)
EPS = 1e-4


def loss(theta):
    weights = torch.arange(1, theta.shape[-1] + 1, dtype=theta.dtype)
    return 0.5 * (weights * theta.square()).sum(-1)


def estimated(name, f, params, eps=EPS, **options):
    settings = EXAMPLE["modes"].get(name, {})
    step = epsilon_of(BUILT[name], eps)
    return approxgan.estimate(f, params, name, eps=step, generator=7, **settings, **options)


@pytest.mark.parametrize("many", ["loop", "vmap", lambda points: [loss(p) for p in points]])
@pytest.mark.parametrize("name", FREE)
def test_an_estimate_is_the_modes_own_with_the_same_draws(name, many):
    mine = estimated(name, loss, THETA, many=many)
    rng = GeneratorStreams(torch.Generator().manual_seed(7), 1, torch.float64)
    theirs = BUILT[name].estimate(
        objective(loss), THETA[None], eps=epsilon_of(BUILT[name], EPS), rng=rng
    )
    assert torch.allclose(mine.grads, theirs.grad[0], rtol=1e-7)
    assert mine.value == pytest.approx(float(theirs.value), rel=1e-6)
    assert mine.backwards == theirs.backwards


class Net(nn.Module):
    """Σ i w_i² / 2 over tied, frozen and other tensors, and a buffer that every call changes."""

    def __init__(self):
        super().__init__()
        self.first = nn.Parameter(THETA[:1].clone())
        self.rest = nn.ParameterDict({"w": nn.Parameter(THETA[1:].clone())})
        self.again = self.first
        self.frozen = nn.Parameter(torch.ones(2, dtype=torch.float64), requires_grad=False)
        self.register_buffer("calls", torch.zeros((), dtype=torch.float64))

    def forward(self):
        self.calls += 1
        half = 0.5 * (self.first + self.again)
        return loss(torch.cat([half, self.rest["w"]])) + 0.0 * self.frozen.sum() + 0.0 * self.calls


STRUCTURES = {
    "tensor": (THETA, loss, lambda g: g),
    "list": (
        [THETA[:1], THETA[1:].reshape(2, 1)],
        lambda p: loss(torch.cat([p[0], p[1].flatten()])),
        lambda g: torch.cat([g[0], g[1].flatten()]),
    ),
    "dict": (
        {"a": (THETA[0],), "b": THETA[1:]},
        lambda p: loss(torch.cat([p["a"][0][None], p["b"]])),
        lambda g: torch.cat([g["a"][0][None], g["b"]]),
    ),
    "not contiguous": (
        torch.stack([THETA, -THETA], 1)[:, 0],
        loss,
        lambda g: g,
    ),
}


@pytest.mark.parametrize("kind", STRUCTURES)
@pytest.mark.parametrize("name", FREE)
def test_gradients_have_the_structure_of_the_parameters(name, kind):
    params, f, joined = STRUCTURES[kind]
    assert torch.allclose(
        joined(estimated(name, f, params).grads), estimated(name, loss, THETA).grads
    )


@pytest.mark.parametrize("name", FREE)
def test_numbers_in_another_order_in_memory_give_the_same_estimate(name):
    """Of a transposed tensor, as of images with the channels last, no view is flat."""
    theta = torch.arange(1.0, 7.0, dtype=torch.float64).view(2, 3).T
    grads = [estimated(name, lambda t: loss(t.reshape(-1)), t).grads for t in (theta, theta + 0.0)]
    assert not theta.is_contiguous()
    plain = estimated(name, lambda t: loss(t.reshape(-1)), theta.contiguous()).grads
    assert all(torch.allclose(made, plain, rtol=1e-9) for made in grads)


def test_gradients_have_the_structure_of_the_call_also_when_stored():
    """The structure may change after the call, and what is stored holds nothing of the user's."""
    params = {"a": THETA.clone().requires_grad_(), "b": [THETA.clone()]}
    made = approxgan.estimate(lambda p: loss(p["a"]), params, "central_difference", eps=EPS)
    params["a"] = params["b"] = None
    for one in (made, pickle.loads(pickle.dumps(made)), copy.deepcopy(made)):
        assert torch.allclose(one.grads["a"], TRUTH)
        assert one.grads["b"] == [None]
    net = Net()
    net.private = lambda: None  # no pickle takes it
    made = approxgan.backward(net.forward, net, "exact")
    stored = pickle.loads(pickle.dumps(made))
    assert torch.equal(stored.grads["rest.w"], made.grads["rest.w"])
    assert stored.vector is not None
    assert made == made
    assert made != stored


@pytest.mark.parametrize("name", ["exact", "spsa"])
def test_gradients_made_in_inference_mode_are_ordinary_tensors(name):
    net = Net()
    with torch.inference_mode():
        made = approxgan.backward(net.forward, net, name, eps=epsilon_of(BUILT[name], EPS))
    once = net.first.grad.clone()
    approxgan.backward(net.forward, net, "exact")
    assert net.first.grad != once
    assert not made.vector.is_inference()


@pytest.mark.parametrize("held", ["sparse", "with a graph", "that needs gradients"])
def test_gradients_of_every_kind_are_added_to(held):
    theta = THETA.clone().requires_grad_()
    theta.grad = {
        "sparse": TRUTH.to_sparse,
        "with a graph": lambda: TRUTH * torch.ones(3, dtype=torch.float64, requires_grad=True),
        "that needs gradients": lambda: TRUTH.clone().requires_grad_(),
    }[held]()
    approxgan.backward(loss, theta, "exact")
    assert torch.allclose(theta.grad.detach(), 2 * TRUTH)


@pytest.mark.parametrize("name", FREE)
def test_the_end_of_an_iterator_in_a_loss_is_its_own_error(name):
    batches = iter([1.0])
    next(batches)
    with pytest.raises(StopIteration):
        estimated(name, lambda theta: loss(theta) * next(batches), THETA)


def test_an_interrupt_never_leaves_a_moved_point_in_a_module():
    """The signal comes while thousands of tensors are put back."""
    net = nn.ParameterList([nn.Parameter(torch.ones(1)) for _ in range(3000)])
    own = dict(net.named_parameters())

    def late():
        signal.setitimer(signal.ITIMER_REAL, 5e-5)
        return 1.0

    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            approxgan.estimate(late, net, "central_difference", eps=0.1)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    assert all(tensor is own[name] for name, tensor in net.named_parameters())


def test_cached_parametrizations_are_those_of_the_point():
    class Twice(nn.Module):
        def forward(self, weight):
            return 2.0 * weight

    net = nn.Linear(3, 1, bias=False, dtype=torch.float64)
    parametrize.register_parametrization(net, "weight", Twice())
    with parametrize.cached():
        kept = net.weight
        made = approxgan.estimate(lambda: net(THETA).sum(), net, "central_difference", eps=EPS)
        assert net.weight is kept
    assert torch.allclose(made.grads["parametrizations.weight.original"], 2.0 * THETA[None])


@pytest.mark.parametrize("name", FREE)
def test_a_modules_shared_tensors_count_once_and_frozen_ones_and_buffers_stay(name):
    net = Net()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    places = {key: value.data_ptr() for key, value in net.state_dict().items()}
    for f in (lambda module: module(), net.forward):
        made = estimated(name, f, net)
        assert sorted(made.grads) == ["first", "rest.w"]
        joined = torch.cat([made.grads["first"], made.grads["rest.w"]])
        assert torch.allclose(joined, estimated(name, loss, THETA).grads)
    after = net.state_dict()
    assert all(torch.equal(after[key], before[key]) for key in before)
    assert {key: value.data_ptr() for key, value in after.items()} == places
    assert net.first is net.again


def test_one_tensor_in_two_places_gets_its_whole_gradient_in_both():
    w = THETA.clone()
    made = approxgan.estimate(lambda p: loss(p[0]) + loss(p[1]), [w, w], "exact")
    assert torch.equal(made.grads[0], 2 * TRUTH)
    assert torch.equal(made.grads[1], 2 * TRUTH)


def test_frozen_tensors_of_a_list_have_no_gradient():
    params = [nn.Parameter(THETA.clone()), nn.Parameter(THETA.clone(), requires_grad=False)]
    made = approxgan.estimate(
        lambda p: loss(p[0]) + loss(p[1]), params, "central_difference", eps=EPS
    )
    assert torch.allclose(made.grads[0], TRUTH)
    assert made.grads[1] is None
    assert made.forwards in (7, 8)


@pytest.mark.parametrize("name", BLIND)
@pytest.mark.parametrize("many", ["loop", "vmap", lambda points: [loss(p) for p in points]])
def test_forwards_are_the_evaluations_made(name, many):
    rows = []

    def counted(theta):
        rows.append(1)
        return loss(theta)

    steps._examined.clear()
    made = estimated(name, counted, THETA, many=many)
    if many == "loop":
        assert made.forwards == len(rows)
    # The first look at a loss evaluates it twice at θ, which some estimates need once.
    again = estimated(name, counted, THETA, many=many)
    assert made.forwards - again.forwards in ((1, 2) if many == "loop" else (2,))
    expected = (
        BUILT[name]
        .estimate(
            objective(loss),
            THETA[None],
            eps=EPS,
            rng=GeneratorStreams(torch.Generator(), 1, torch.float64),
        )
        .forwards
    )
    assert expected - again.forwards in (0, 1)


class Reusing:
    buffer = torch.zeros((), dtype=torch.float64)

    def __call__(self, theta):
        return loss(theta) if theta.requires_grad else self.buffer.copy_(loss(theta))


def changing(theta):
    theta *= 2.0
    return loss(theta) / 4.0


def through_numpy(theta):
    array = theta.detach().numpy()
    value = 0.5 * (np.arange(1, 4) * array**2).sum()
    array[:] = np.nan
    return value


class Keeping:
    def __init__(self):
        self.points = []

    def __call__(self, theta):
        self.points.append((theta, theta.detach().clone()))
        return loss(theta)


@pytest.mark.parametrize(
    "f",
    [Reusing(), changing, through_numpy, Keeping()],
    ids=lambda f: getattr(f, "__name__", type(f).__name__),
)
@pytest.mark.parametrize("name", FREE)
def test_nothing_that_a_loss_does_to_its_tensors_matters(name, f):
    if f is through_numpy and name not in BLIND:
        return
    theta = THETA.clone()
    made = estimated(name, f, theta)
    assert torch.allclose(made.grads, estimated(name, loss, THETA).grads)
    assert torch.equal(theta, THETA)
    if isinstance(f, Keeping):
        made.grads.fill_(5.0)
        assert all(torch.equal(point.detach(), before) for point, before in f.points)


@pytest.mark.parametrize("name", FREE)
def test_it_works_without_grad_and_leaves_no_graph(name):
    with torch.no_grad():
        made = estimated(name, loss, THETA.clone().requires_grad_(True))
    assert torch.allclose(made.grads, estimated(name, loss, THETA).grads)
    assert not made.grads.requires_grad
    assert not made.value.requires_grad


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("name", FREE)
def test_types_are_kept_and_differences_taken_in_float32(name, dtype):
    """Steps of 1/8 are exact here; in bfloat16 itself 18 + 1/8 would round to 18."""
    theta, seen = THETA.to(dtype), set()

    def told(point):
        seen.add(point.dtype)
        return loss(point.float())

    made = estimated(name, told, theta, eps=0.125)
    assert seen == {dtype}
    assert made.grads.dtype == dtype
    assert made.value.dtype == torch.float32
    if not BUILT[name].random or name == "spsa":
        fine = estimated(name, loss, theta.float(), eps=0.125)
        assert torch.allclose(made.grads.float(), fine.grads, rtol=4 * torch.finfo(dtype).eps)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("of_loss", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_slope_by_numbers_is_rounded_as_one_by_tensors(dtype, of_loss, sides, monkeypatch):
    theta = torch.linspace(-1.0, 1.3, 40, dtype=dtype)

    def made():
        for seed, size in enumerate((1e-4, 3e-2, 0.1, 1.7)):
            yield approxgan.estimate(
                lambda t: torch.sin(1e3 * t).sum().to(of_loss) / 3, theta, "random_direction",
                eps=size, directions=1, distribution="gaussian", sides=sides, generator=seed,
            )  # fmt: skip

    by_numbers = list(made())
    monkeypatch.setattr(LossObjective, "slope", None)
    for one, other in zip(by_numbers, made(), strict=True):
        assert torch.equal(one.vector, other.vector)
        assert torch.equal(one.value, other.value)
        assert one.value.dtype == other.value.dtype


def test_a_step_that_the_type_of_the_loss_rounds_to_zero_divides_as_tensors_do():
    theta = torch.zeros(3, dtype=torch.float64)
    made = approxgan.estimate(lambda t: t.float().sum(), theta, "spsa", eps=1e-50)
    assert made.grads.isnan().all()


def test_a_module_may_change_between_two_estimates():
    net = nn.Sequential(nn.Linear(3, 1, bias=False), nn.Linear(1, 1)).double()
    x = torch.ones(3, dtype=torch.float64)

    def same():
        made = [
            approxgan.estimate(lambda: net(x).sum(), net, name, eps=epsilon_of(BUILT[name], EPS))
            for name in ("central_difference", "exact")
        ]
        assert made[0].grads.keys() == made[1].grads.keys()
        for one, other in zip(made[0].grads.values(), made[1].grads.values(), strict=True):
            assert one.dtype == other.dtype
            assert torch.allclose(one, other, rtol=1e-3)

    same()
    net[0].weight.data = torch.randn(1, 3, dtype=torch.float64)
    same()
    net[0].weight = nn.Parameter(torch.randn(1, 3, dtype=torch.float64))
    same()
    net[1].bias.requires_grad_(False)
    same()
    net[1] = nn.Linear(1, 4).double()
    same()
    net.append(nn.Linear(4, 2).double())
    same()


def test_tensors_of_several_types_keep_their_own():
    params = [THETA.half(), THETA.float(), THETA]
    made = approxgan.estimate(
        lambda p: sum(loss(part.double()) for part in p), params, "central_difference", eps=0.125
    )
    for grad, part in zip(made.grads, params, strict=True):
        assert grad.dtype == part.dtype
        assert torch.allclose(grad.double(), TRUTH)


def test_every_coordinate_takes_its_own_step():
    widths = [torch.tensor([0.1], dtype=torch.float64), torch.tensor([0.2, 0.3])]
    params = [THETA[:1], THETA[1:]]
    made = approxgan.estimate(
        lambda p: loss(torch.cat(p)), params, "forward_difference", eps=widths
    )
    expected = TRUTH + 0.5 * torch.tensor([1.0, 2.0, 3.0]) * torch.tensor([0.1, 0.2, 0.3])
    assert torch.allclose(torch.cat(made.grads), expected, rtol=1e-6)


def test_backward_accumulates_as_autograd_does_and_any_optimiser_steps():
    net, twin = Net(), Net()
    ours = torch.optim.Adam(net.parameters(), lr=0.05)
    theirs = torch.optim.Adam(twin.parameters(), lr=0.05)
    for _ in range(5):
        ours.zero_grad()
        theirs.zero_grad()
        for _ in range(2):
            made = approxgan.backward(net.forward, net, "central_difference", eps=1e-3)
            twin().backward()
        assert torch.allclose(made.value, net().detach(), rtol=1e-9)
        ours.step()
        theirs.step()
    assert torch.allclose(net.first, twin.first, rtol=1e-6)
    assert torch.allclose(net.rest["w"], twin.rest["w"], rtol=1e-6)
    assert net.frozen.grad is None


@pytest.mark.parametrize(
    ("result", "value"),
    [(2, 2.0), (2.5, 2.5), (np.float32(2.5), 2.5), (np.array([3]), 3.0), (True, 1.0),
     (torch.tensor([[4]]), 4.0), (torch.tensor(0.5, dtype=torch.bfloat16), 0.5)],
)  # fmt: skip
def test_a_loss_is_any_one_number(result, value):
    made = number(result, torch.device("cpu"))
    assert number(result, torch.device("meta")).device.type == "meta"
    assert made.shape == ()
    assert made.dtype in (torch.float32, torch.float64)
    assert float(made) == value


def test_an_estimator_of_ones_own_states_only_what_differs():
    """What ``approxgan.testing.check`` takes, the library takes."""

    class Plain:
        def estimate(self, f, theta, *, eps, rng):
            u = rng.signs(theta.shape[1])
            slope = (f(theta + eps * u) - f(theta - eps * u)) / (2 * eps)
            return Estimate(slope[:, None] * u, f(theta), 3, 0)

    theirs = approxgan.estimate(loss, THETA, "spsa", eps=EPS, generator=7)
    mine = approxgan.estimate(loss, THETA, Plain(), eps=EPS, generator=7)
    assert torch.allclose(mine.grads, theirs.grads)
    assert mine.forwards == 3
    x = THETA[None].clone().requires_grad_(True)
    approxgan.smooth(loss, Plain(), eps=EPS, generator=7)(x).sum().backward()
    assert torch.allclose(x.grad[0], theirs.grads, rtol=1e-6)


def test_an_estimator_of_ones_own_is_taken():
    class Half:
        takes_epsilon, sides, per_coordinate, order, random = False, 0, False, None, False
        differentiates = True

        def estimate(self, f, theta, *, eps, rng):
            made = BUILT["exact"].estimate(f, theta, eps=None, rng=rng)
            return type(made)(made.grad / 2, made.value, 1, 1)

        def squared_error(self, dimension):
            return 0.25

    assert torch.equal(approxgan.estimate(loss, THETA, Half()).grads, TRUTH / 2)


def test_an_estimate_goes_on_from_the_one_before():
    def listed(params):
        return loss(params[0])

    theta, options = THETA.clone(), {"eps": 0.1, "coordinates": 1, "generator": 3}
    first = approxgan.estimate(listed, [theta], "stale_coordinates", **options)
    theta += 1.0
    second = approxgan.estimate(listed, [theta], "stale_coordinates", before=first, **options)
    changed = first.grads[0] != second.grads[0]
    assert int(changed.sum()) == 1
    assert second.forwards == 2
    fresh = approxgan.estimate(loss, theta, "forward_difference", eps=0.1).grads
    assert torch.allclose(second.grads[0][changed], fresh[changed], rtol=1e-9)
    coarse = approxgan.estimate(
        listed, [theta.float()], "stale_coordinates", before=first, **options
    )
    assert torch.equal(coarse.grads[0][~changed], first.grads[0][~changed].float())


def test_settings_may_be_numbers_of_numpy():
    options = {"eps": np.float32(EPS), "generator": np.int32(7)}
    made = approxgan.estimate(loss, THETA, "spsa", directions=np.int64(2), **options)
    plain = approxgan.estimate(loss, THETA, "spsa", directions=2, **options)
    assert torch.equal(made.grads, plain.grads)
    chosen = approxgan.choose_step(loss, THETA, "spsa", tries=np.int64(3), generator=0)
    assert chosen == approxgan.choose_step(loss, THETA, "spsa", tries=3, generator=0)
