"""Eps in normalised space: a side of the box for each channel, and [0, 1] as ever."""

import torch

from robust_core import attacks
from robust_core.attacks.gradient import BIM, PGD
from robust_core.evaluation.deck_002.protocol import NORMALISED, PIXELS
from robust_core.evaluation.deck_002.spaces import attack_in


def test_one_step_of_bim_is_fgsm(toy, sample):
    one = attack_in(PIXELS, BIM, toy)(eps=0.1, steps=1, step_size=0.1)
    fgsm = attacks.create("fgsm", eps=0.1)
    both = [a(toy, sample.images, sample.labels) for a in (one, fgsm)]
    assert torch.equal(*both)


def test_normalised_pictures_move_by_eps_in_every_channel(toy, sample):
    one = attack_in(NORMALISED, BIM, toy)(eps=0.5, steps=1, step_size=0.5)
    moved = toy.normalise(one(toy, sample.images, sample.labels)) - toy.normalise(sample.images)
    assert torch.allclose(moved.abs(), torch.full_like(moved, 0.5), atol=1e-5)


def test_the_box_holds_for_a_random_start_and_many_steps(toy, sample):
    for size in (0.05, 2.0):
        pgd = attack_in(NORMALISED, PGD, toy)(eps=2.0, steps=5, step_size=size)
        x = pgd(toy, sample.images, sample.labels)
        change = (toy.normalise(x) - toy.normalise(sample.images)).abs()
        assert change.max() <= 2 + 1e-5
        assert 0 <= x.min() < x.max() <= 1
        assert change.amax((0, 2, 3)).min() > 0.5, "a channel hardly moved"
