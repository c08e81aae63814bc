"""Snapshots: shares that agree with the attacks themselves."""

import pytest
import torch

from robust_core import attacks, zoo
from robust_core.data import digits
from robust_core.evaluation.snapshot import snapshot


@pytest.fixture(scope="module")
def model():
    return zoo.load("digits-cnn", "cpu")


@pytest.fixture(scope="module")
def pictures():
    images, labels = digits.load("test")
    return images[:40], labels[:40]


def test_the_shares_are_those_of_the_attacks(model, pictures):
    at = snapshot(model, *pictures, eps=0.1, steps=5)
    for name, attack in (
        ("fgsm", attacks.create("fgsm", eps=0.1)),
        ("pgd", attacks.create("pgd", eps=0.1, steps=5)),
    ):
        right = model(attack(model, *pictures)).argmax(1) == pictures[1]
        assert getattr(at, name) == right.double().mean().item()
    assert (at.n, at.eps, at.steps) == (40, 0.1, 5)


def test_nothing_moves_at_eps_zero(model, pictures):
    at = snapshot(model, *pictures, eps=0.0, steps=2)
    assert at.clean == at.fgsm == at.pgd == at.masked


def test_larger_logits_mask_the_gradient_and_nothing_else(model, pictures):
    """Scaling by s > 0 leaves every answer, and what an attack on the logits finds, as it is."""

    def loud(x):
        return 1000 * model(x)

    plain = snapshot(model, *pictures, eps=0.15, steps=5)
    scaled = snapshot(loud, *pictures, eps=0.15, steps=5)
    assert plain.zero_gradients == 0 < 0.9 < scaled.zero_gradients
    assert scaled.clean == plain.clean
    assert scaled.fgsm == pytest.approx(plain.fgsm, abs=0.1)
    assert scaled.masked > plain.masked + 0.4


def test_masked_is_left_out_where_it_was_not_asked_for(model, pictures):
    assert snapshot(model, *pictures, eps=0.1, steps=1, masked=False).masked is None


def test_no_pictures_are_refused(model):
    with pytest.raises(ValueError, match=r"^images must be"):
        snapshot(model, torch.empty(0, 1, 8, 8), torch.empty(0).long(), eps=0.1, steps=1)


def test_old_copies_are_asked_about_as_they_are(model, pictures):
    """Those that FGSM made on this very model leave what its FGSM leaves; clean ones, what is clean."""
    images, labels = pictures
    old = attacks.create("fgsm", eps=0.15)(model, images, labels)
    at = snapshot(model, images, labels, eps=0.15, steps=1, old=old)
    assert at.old == at.fgsm < at.clean
    assert snapshot(model, images, labels, eps=0.15, steps=1, old=images).old == at.clean
    assert snapshot(model, images, labels, eps=0.15, steps=1).old is None


def test_old_copies_of_other_pictures_are_refused(model, pictures):
    images, labels = pictures
    with pytest.raises(ValueError, match=r"^old must be \[40, 1, 8, 8\]"):
        snapshot(model, images, labels, eps=0.1, steps=1, old=images[:3])
