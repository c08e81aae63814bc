"""Logistic regression: FGSM is the worst case, and adversarial training a penalty in the softplus."""

import math

import pytest
import torch

from robust_core.toys.logistic import (
    Logistic,
    adversarial,
    decayed,
    fgsm,
    fit,
    plain,
    two_digits,
)

EPS = (0.0, 0.01, 0.1, 0.5)


@pytest.fixture(scope="module")
def trained() -> Logistic:
    return fit(*two_digits("train"))


@pytest.fixture(scope="module")
def rows() -> tuple[torch.Tensor, torch.Tensor]:
    return two_digits("test")


@pytest.mark.parametrize("eps", EPS)
def test_the_closed_form_is_the_loss_at_the_fgsm_point(trained, rows, eps):
    x, y = rows
    closed = adversarial(trained.margin(x, y), eps, trained.l1)
    assert torch.allclose(trained.loss(fgsm(trained, x, y, eps), y), closed, rtol=0, atol=1e-6)


def test_no_point_of_the_box_is_worse(trained, rows):
    x, y = rows
    generator = torch.Generator().manual_seed(0)
    worst = adversarial(trained.margin(x, y), 0.1, trained.l1)
    for corner in (False, True):
        for _ in range(200):
            moved = 2 * torch.rand(x.shape, generator=generator, dtype=x.dtype) - 1
            moved = moved.sign() if corner else moved
            assert (trained.loss(x + 0.1 * moved, y) <= worst).all()


def test_the_penalty_inside_vanishes_and_the_one_outside_does_not():
    m = torch.linspace(-10, 40, 501, dtype=torch.float64)
    inside, outside = adversarial(m, 0.1, 30) - plain(m), decayed(m, 0.1, 30) - plain(m)
    assert (inside.diff() < 0).all()
    assert inside[0].item() == pytest.approx(3, abs=1e-3)
    assert 0 < inside[-1] < 1e-12
    assert torch.allclose(outside, torch.full_like(outside, 3.0))
    assert (inside <= outside).all()


def test_without_eps_all_three_are_one():
    m = torch.linspace(-5, 5, 21)
    assert torch.equal(adversarial(m, 0.0, 7.0), plain(m))
    assert torch.equal(decayed(m, 0.0, 7.0), plain(m))
    assert plain(torch.zeros(1)).item() == pytest.approx(math.log(2))


def test_the_fit_tells_the_digits_apart(trained, rows):
    x, y = rows
    assert sorted(y.unique().tolist()) == [-1, 1]
    assert x.shape == (len(y), 64)
    assert (trained.margin(x, y) > 0).double().mean() > 0.95


def test_a_negative_size_is_refused(trained, rows):
    with pytest.raises(ValueError, match=r"^eps must be"):
        fgsm(trained, *rows, -0.1)
    with pytest.raises(ValueError, match=r"^l1 must be"):
        adversarial(torch.zeros(1), 0.1, -1.0)
