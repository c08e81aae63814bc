"""A picture augmented and attacked: what may move, how far, and what the model says of it."""

import pytest
import torch

from robust_core import zoo
from robust_core.experiment.variants import augmentation, shifted, variants
from robust_core.training.augment import augment
from robust_core.training.recipes import RECIPES

EPS = 0.15


@pytest.fixture(scope="module")
def made(digits_model, digits_test):
    images, labels = digits_test
    return images[:1], variants(digits_model, images[:1], labels[0].item(), eps=EPS)


def test_the_augmentations_are_those_of_the_recipe(made):
    assert [one.kind for one in made[1]] == ["clean", "shifted", "brighter", "noisy", "adversarial"]
    for name in set(RECIPES.names()) & set(zoo.bundled()):
        assert augmentation(name) == (RECIPES.get(name).shift, RECIPES.get(name).mirror)
    assert augmentation("imagenet-resnet50") == (0, False)


def test_light_noise_and_attack_lie_in_one_ball(made):
    image, found = made
    sizes = {one.kind: one.linf for one in found}
    assert sizes["clean"] == 0
    for kind in ("brighter", "noisy", "adversarial"):
        assert sizes[kind] == pytest.approx(EPS, abs=1e-6), kind
    for one in found:
        assert one.picture.shape == image.shape
        assert 0 <= one.picture.min() <= one.picture.max() <= 1


@pytest.mark.parametrize("by", [1, 2])
def test_the_shift_is_one_that_the_training_draws(digits_test, by):
    image = digits_test[0][:1]
    draws = (augment(image, by, False, torch.Generator().manual_seed(seed)) for seed in range(200))
    assert any(torch.equal(shifted(image, by), drawn) for drawn in draws)
    assert not torch.equal(shifted(image, by), image)


def test_each_answer_is_the_models_own(made, digits_model):
    for one in made[1]:
        own = digits_model.predict(one.picture, 1)[0][0]
        assert one.guess.index == own.index
        assert one.guess.confidence == pytest.approx(own.confidence, abs=1e-5)


def test_only_what_was_sought_turns_most_answers(digits_model, digit_pictures):
    """Of ten digits: noise of the same size fools fewer than half as many as the attack."""
    turned = {"shifted": 0, "brighter": 0, "noisy": 0, "adversarial": 0}
    for image, label in zip(*(part[:10] for part in digit_pictures), strict=True):
        for one in variants(digits_model, image[None], label.item(), eps=EPS)[1:]:
            turned[one.kind] += one.guess.index != label.item()
    assert turned["adversarial"] >= 6
    assert all(2 * turned[kind] < turned["adversarial"] for kind in turned if kind != "adversarial")


def test_without_a_label_it_goes_away_from_the_answer(digits_model, digits_test):
    images, labels = digits_test
    one, other = (variants(digits_model, images[:1], y, eps=EPS) for y in (labels[0].item(), None))
    assert torch.equal(one[-1].picture, other[-1].picture)


def test_two_pictures_are_refused(digits_model, digits_test):
    with pytest.raises(ValueError, match=r"^image must be one picture; got 2"):
        variants(digits_model, digits_test[0][:2], 0, eps=EPS)
