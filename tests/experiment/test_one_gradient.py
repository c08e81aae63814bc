"""TensorFlow's tutorial: one gradient for all eps, and the two scales."""

import pytest
import torch

from robust_core import attacks
from robust_core.experiment.one_gradient import EPS, PIXELS, TUTORIAL, moved, tutorial


@pytest.fixture(scope="module")
def shown(digits_model, digit_pictures):
    images, labels = digit_pictures
    return tutorial(digits_model, images[:1], int(labels[0]))


def test_an_eps_on_the_tutorial_s_scale_is_half_of_it_on_ours(digit_pictures):
    images = digit_pictures[0]
    sign = torch.randn(images.shape, generator=torch.Generator().manual_seed(0)).sign()
    for eps in EPS:
        ours = moved(images, sign, eps / 2, PIXELS)
        assert (moved(images, sign, eps, TUTORIAL) - ours).abs().max() <= 1e-6


def test_on_our_scale_it_is_fgsm(shown, digits_model, digit_pictures):
    images, labels = digit_pictures
    for shot in shown.shots[PIXELS]:
        fgsm = attacks.create("fgsm", eps=shot.eps)(digits_model, images[:1], labels[:1])
        assert torch.equal(shot.picture, fgsm)


def test_the_gradient_is_taken_once(digits_model, digit_pictures):
    images, labels = digit_pictures
    passes = []
    hook = digits_model.register_full_backward_hook(lambda *_: passes.append(1))
    try:
        tutorial(digits_model, images[:1].clone(), int(labels[0]))
    finally:
        hook.remove()
    assert len(passes) == 1


def test_answers_are_about_the_saved_pictures_of_both_scales(shown, digits_model, digit_pictures):
    assert [shot.eps for shot in shown.shots[TUTORIAL]] == list(EPS)
    for scale, shots in shown.shots.items():
        assert shots[0].label.confidence > shots[-1].label.confidence, scale
    assert shown.shots[TUTORIAL][3].answer.label in digits_model.class_names


def test_one_picture_at_a_time(digits_model, digit_pictures):
    with pytest.raises(ValueError, match="images must hold one picture; got 2"):
        tutorial(digits_model, digit_pictures[0][:2])
