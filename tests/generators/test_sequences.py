"""Sequences of letters: their forms, their teachers and the law of the draws."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from scipy import stats

from approxgan.generators.sequences import Sequences

FORMS = [{"form": "previous"}, {"form": "prefix"}, {"form": "net", "hidden": 5}]


def start(made, seed=0, scale=5.0):
    theta = made.init(made.width, np.random.default_rng(seed))
    return torch.from_numpy(scale * theta)[None]


def test_draws_are_standard_gumbel_numbers():
    made = Sequences(4, 3, "previous")
    for dtype in (np.float32, np.float64):
        draws = made.draw(np.random.default_rng(0), (2000,), dtype).ravel()
        assert stats.kstest(draws.astype(float), stats.gumbel_r.cdf).pvalue > 1e-3
        assert np.isfinite(draws).all()


@pytest.mark.parametrize("settings", FORMS)
def test_probabilities_are_products_of_softmax_along_a_sequence(settings):
    made = Sequences(3, 3, **settings)
    theta, form = start(made), made._form()
    shares = made.probabilities(9, theta)[0]
    for number, letters in enumerate(itertools.product(range(3), repeat=3)):
        expected = 1.0
        for t, letter in enumerate(letters):
            before = torch.tensor(letters[:t], dtype=torch.int64).reshape(1, 1, t)
            expected *= float(form.logits(theta, before)[0, 0].softmax(0)[letter])
        assert float(shares[number]) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("settings", FORMS)
def test_relaxed_letters_that_are_letters_have_the_same_logits(settings):
    made = Sequences(3, 4, **settings)
    theta, form = start(made), made._form()
    for t in range(4):
        before = torch.randint(3, (1, 8, t), generator=torch.Generator().manual_seed(t))
        one_hot = torch.nn.functional.one_hot(before, 3).double()
        torch.testing.assert_close(form.mixed(theta, one_hot), form.logits(theta, before))


def test_a_table_of_beginnings_has_a_row_for_each_and_one_of_letters_before_one_for_each():
    sizes = [Sequences(4, 3, **s).layer_sizes(12) for s in FORMS]
    assert sizes == [[4 + 16], [4 * (1 + 4 + 16)], [5 * 9, 4 * 6]]


def test_both_tables_hold_the_same_markov_chain():
    shares = []
    for form in ("previous", "prefix"):
        made = Sequences(3, 4, form, teacher="markov", sharpness=1.5)
        shares.append(made.probabilities(12, torch.from_numpy(made.truth(12))[None])[0])
    torch.testing.assert_close(*shares)
    # Given a letter, the next one does not depend on those before it.
    table = shares[0].reshape(3, 3, 3, 3)
    third = table.sum(3) / table.sum((2, 3), keepdim=True).squeeze(-1)
    torch.testing.assert_close(third, third[:1].expand_as(third))


def test_the_last_letter_of_a_checksum_depends_on_all_others_and_on_no_fewer():
    made = Sequences(3, 4, "prefix", teacher="checksum", sharpness=4.0)
    shares = made.probabilities(12, torch.from_numpy(made.truth(12))[None])[0].reshape(3, 3, 3, 3)
    right = np.exp(4.0) / (np.exp(4.0) + 2.0)
    for a, b, c in itertools.product(range(3), repeat=3):
        last = shares[a, b, c] / shares[a, b, c].sum()
        assert float(last[(a + b + c) % 3]) == pytest.approx(right)
    for axis in range(4):
        left_out = shares.sum(axis)
        torch.testing.assert_close(left_out, torch.full_like(left_out, 1 / 27))


@pytest.mark.parametrize(
    "settings",
    [
        {"form": "net"},
        {"form": "prefix", "hidden": 3},
        {"form": "previous", "teacher": "checksum", "sharpness": 1.0},
        {"form": "net", "hidden": 3, "teacher": "markov", "sharpness": 1.0},
        {"form": "prefix", "teacher": "markov"},
        {"form": "prefix", "teacher": "cipher", "sharpness": 1.0},
        {"form": "prefix", "sharpness": 1.0},
        {"form": "prefix", "length": 20},
    ],
)
def test_settings_that_do_not_fit_together_are_refused(settings):
    with pytest.raises(ValueError, match="accepted"):
        Sequences(**{"letters": 4, "length": 3, **settings})
