"""Destruction rate and adversariality: bounds, denominators, and the same draw for both pictures."""

import pytest
import torch

from robust_core import attacks
from robust_core.attacks.physical.photo import Destruction, adversariality, destructions
from robust_core.attacks.physical.transformation import (
    IDENTITY,
    PHOTO,
    Transformation,
    generator_of,
)

DARKER = Transformation(brightness=0.2)
LABELS = torch.tensor([0, 0, 0, 1])


def bright(x):
    """Class 1 where the picture is brighter than 0.5: 0.4 and 0.6 may change sides under ``DARKER``."""
    mean = x.flatten(1).mean(1)
    return torch.stack([0.5 - mean, mean - 0.5], 1)


def flat(*levels):
    return torch.tensor(levels).view(-1, 1, 1, 1).expand(-1, 3, 4, 4).clone()


def destruction(*pictures, draws: int = 1, top: int = 1, **settings) -> Destruction:
    (found,) = destructions(*pictures, draws=draws, tops=(top,), **settings)
    return found


CLEAN, ADVERSARIAL = flat(0.4, 0.4, 0.6, 0.6), flat(0.6, 0.4, 0.7, 0.4)


def test_the_identity_destroys_nothing(digits_model, digit_pictures):
    images, labels = digit_pictures
    adversarial = attacks.create("fgsm", eps=0.2)(digits_model, images, labels)
    found = destruction(digits_model, images, adversarial, labels, IDENTITY, draws=2)
    assert found.rate == 0
    assert found.counted > 20
    assert (found.clean, found.adversarial) == (found.clean_seen, found.adversarial_seen)


def test_it_is_conditioned_on_clean_right_and_adversarial_wrong():
    """Two of the four count: the second is not adversarial, the third was wrong before."""
    found = destruction(bright, CLEAN, ADVERSARIAL, LABELS, DARKER, draws=200, seed=4)
    shift = 0.2 * (2 * DARKER.draw(200, generator_of(4, "fresh")).numbers[:, 12] - 1)
    right = torch.stack([shift + 0.6 <= 0.5, shift + 0.4 > 0.5]).double()
    assert found.counted == 2
    assert found.rate == pytest.approx(right.mean().item(), abs=1e-9)
    assert 0.15 < found.rate < 0.35, "a quarter of the shifts are beyond 0.1 on one side"
    assert found.clean_seen == 0.75
    assert found.adversarial_seen == 0.25


def test_clean_and_adversarial_see_the_same_draws():
    seen = []

    def model(x):
        seen.append(x.clone())
        return bright(x)

    same = destruction(model, CLEAN, CLEAN, LABELS, PHOTO, draws=3)
    assert seen[-1].equal(seen[-2])
    assert same.clean == same.adversarial


def test_without_anything_to_destroy_there_is_no_rate():
    assert destruction(bright, CLEAN, CLEAN, LABELS, PHOTO).rate is None
    assert destruction(bright, CLEAN, CLEAN, LABELS, PHOTO).counted == 0


@pytest.mark.parametrize("transformation", [PHOTO, PHOTO.only("noise"), PHOTO.only("jpeg")])
def test_rates_are_shares_whatever_is_drawn(digits_model, digit_pictures, transformation):
    images, labels = (x[:40] for x in digit_pictures)
    adversarial = attacks.create("pgd", eps=0.15, steps=5)(digits_model, images, labels)
    found = destruction(digits_model, images, adversarial, labels, transformation, draws=3)
    assert 0 <= found.rate <= 1
    assert 0 <= found.adversarial <= 1
    five = destruction(digits_model, images, adversarial, labels, transformation, draws=3, top=5)
    assert five.counted < found.counted, "fewer pictures leave the first five"
    assert five.adversarial > found.adversarial


def test_adversariality_is_a_share_of_views_and_all_or_nothing_without_any():
    levels = flat(0.3, 0.5, 0.7)
    labels = torch.ones(3, dtype=torch.long)
    share = adversariality(bright, levels, labels, DARKER, draws=100)
    assert share.tolist() == pytest.approx([1, 0.5, 0], abs=0.12)
    towards = adversariality(bright, levels, labels, DARKER, draws=100, targeted=True)
    assert (share + towards).tolist() == [1, 1, 1], "two classes, the same fresh draws"
    assert adversariality(bright, levels, labels, IDENTITY, draws=3).tolist() == [1, 1, 0]


def test_no_answer_is_not_right():
    missing = adversariality(lambda x: bright(x) * torch.nan, CLEAN, LABELS, IDENTITY, draws=1)
    assert missing.tolist() == [1] * 4
    reached = adversariality(
        lambda x: bright(x) * torch.nan, CLEAN, LABELS, IDENTITY, draws=1, targeted=True
    )
    assert reached.tolist() == [0] * 4


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"adversarial": CLEAN[:2]}, "adversarial must be of the shape of clean"),
        ({"labels": LABELS[:2]}, "labels must be one class index per picture"),
        ({"labels": LABELS + 1}, "class indices from 0 to 1"),
        ({"top": 0}, "top must be a whole number"),
        ({"draws": 0}, "n must be a whole number of draws"),
        ({"clean": 2 * CLEAN}, r"images must be in \[0, 1\]"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes, said):
    given = {"clean": CLEAN, "adversarial": CLEAN, "labels": LABELS} | changes
    with pytest.raises(ValueError, match=said):
        destruction(bright, transformation=DARKER, **given)
