"""Errors of real estimates on small generators grow with 1/ε as theory says."""

import numpy as np
import pandas as pd
import pytest
import torch

from approxgan.claims.noise_laws import errors_by_step, slope
from approxgan.config.registry import build
from approxgan.models.dense import Dense
from approxgan.objective.game import Game, generator_objective
from approxgan.probe.measure import Point, measure
from approxgan.training.setup import Method

STEPS = (1e-3, 3e-3, 1e-2, 3e-2)
SEEDS = range(24)
COUNTS = {"rates": [4.0, 5.0], "cap": 12, "rounding": 1, "cross_talk": 0.1}
SMOOTH = {"latent": 2, "hidden": [4], "activation": "tanh", "grid": 0.0}


def point(kind, settings):
    """All seeds at one θ, with draws and a discriminator of their own."""
    made = build("generators", kind, settings)
    game = Game(Dense(0, made, [8], "tanh"), build("losses", "nonsaturating", {}), 2)
    rngs = [np.random.default_rng(seed) for seed in SEEDS]

    def stack(draw):
        return torch.from_numpy(np.stack([draw(rng) for rng in rngs])).double()

    theta = torch.from_numpy(game.init("generator", np.random.default_rng(99)))
    opponent = stack(lambda rng: 2.0 * game.init("discriminator", rng))
    draws = stack(lambda rng: made.draw(rng, (64,), np.float64))
    real = torch.zeros(len(rngs), 64, 2, dtype=torch.float64)
    f = generator_objective(game, opponent, real, draws)
    return Point(f, theta.expand(len(rngs), -1), list(SEEDS), "generator", 0, expected=True)


def found(at, mode, noise="common", draws=6, **settings):
    rows = [
        {"epsilon": step, **row}
        for step in STEPS
        for row in measure(at, Method(build("modes", mode, settings), step, noise=noise), draws)
        if row["layer"] < 0
    ]
    return errors_by_step(pd.DataFrame(rows))


@pytest.mark.parametrize(
    ("kind", "settings", "noise", "law"),
    [
        ("counts", COUNTS, "common", -0.5),
        ("counts", COUNTS, "fresh", -1.0),
        ("rounded", SMOOTH, "common", 0.0),
        ("rounded", SMOOTH, "fresh", -1.0),
    ],
)
def test_the_slope_of_the_error_is_that_of_theory(kind, settings, noise, law):
    squared = found(point(kind, settings), "forward_difference", noise)
    assert slope(squared.to_numpy(float), np.array(STEPS)) == pytest.approx(law, abs=0.08)


def test_all_parameters_at_once_are_better_by_the_root_of_their_number():
    at = point("counts", COUNTS)
    central = found(at, "central_difference", "fresh")
    proposal = found(at, "avo", baseline="leave_one_out")
    # At equal samples: the proposal takes one batch, the difference two for each parameter.
    ratio = np.sqrt(central.mean() / (proposal.mean() / 4.0))
    np.testing.assert_allclose(ratio, np.sqrt(2.0), rtol=0.15)
