"""Class-conditional reconstruction: the score's bounds, its log-odds, its gradient, the bundled one."""

import math

import pytest
import torch

from robust_core import zoo
from robust_core.attacks import BIM, Dynamic, PGDPair
from robust_core.detectors import METHODS, Reconstruction
from robust_core.detectors.reconstruction import build

NAME = "digits-cnn-reconstruction"


@pytest.fixture(scope="module")
def detector() -> Reconstruction:
    """The bundled one."""
    return zoo.load_detector(NAME, "cpu")


@pytest.fixture(scope="module")
def attacked(digits_model, digit_pictures):
    return BIM(eps=0.3, steps=10)(digits_model, *digit_pictures)


def test_the_own_class_reconstructs_better_than_any_other(detector, digits_test):
    images, labels = (part[:225] for part in digits_test)
    own = detector.error(images, labels)
    for shift in range(1, 10):
        wrong = detector.error(images, (labels + shift) % 10)
        assert own.mean() < wrong.mean() / 2
        assert (own < wrong).double().mean() > 0.9


def test_the_error_is_the_root_mean_square_under_the_class_predicted(detector, digit_pictures):
    images, _ = digit_pictures
    said = detector.classifier(images).argmax(1)
    drawn = detector.reconstruct(images, said)
    by_hand = (images - drawn).flatten(1).norm(dim=1) / math.sqrt(64)
    torch.testing.assert_close(detector.error(images), by_hand)
    torch.testing.assert_close(detector.error(images, said), by_hand)


def test_the_score_rises_with_the_error_and_the_logit_is_its_log_odds(detector, attacked):
    x = torch.cat([attacked, torch.zeros(1, 1, 8, 8), torch.ones(1, 1, 8, 8)])
    score, error = detector.score(x), detector.error(x)
    assert score.min() >= 0
    assert score.max() <= 1
    assert not score.requires_grad
    torch.testing.assert_close(score, error / (error + detector.scale))
    torch.testing.assert_close(detector.logit(x), score.logit(), atol=1e-4, rtol=1e-5)
    order = error.argsort()
    assert (score[order].diff() >= 0).all()
    assert torch.equal(detector.flags(x), score > detector.threshold)
    clear = (error - detector.error_threshold).abs() > 1e-6
    assert torch.equal(detector.flags(x)[clear], (error > detector.error_threshold)[clear])


def test_at_most_5_percent_of_the_calibration_pictures_are_flagged(detector, digits_test):
    flags = detector.flags(digits_test[0][-225:])
    assert flags.sum() == 11  # the whole part of 5 % of 225


def test_it_finds_attacks_that_do_not_know_it(detector, digit_pictures, attacked):
    images, labels = digit_pictures
    turned = detector.classifier(attacked).argmax(1) != labels
    assert turned.sum() > 90
    assert detector.flags(attacked)[turned].double().mean() > 0.9
    assert detector.flags(images).double().mean() < 0.12


def test_both_are_the_two_answers_and_any_batch_gives_the_same(detector, digit_pictures):
    images, _ = digit_pictures
    logits, logit = detector.both(images)
    assert torch.equal(logits, detector.classifier(images))
    assert torch.equal(logit, detector.logit(images))
    assert torch.equal(detector(images), logit)
    for rows in (slice(3, 4), slice(0, 7), slice(50, 50)):
        torch.testing.assert_close(detector.logit(images[rows]), logit[rows], atol=1e-5, rtol=0)
    torch.testing.assert_close(detector.score(images.double()), detector.score(images))


def test_the_gradient_is_that_of_the_error_under_a_constant_class(digits_model, digits_test):
    """Finite differences in double precision, at pictures that are far from a boundary."""
    tensors = {k: v.double() for k, v in build(digits_model, 8, 16, seed=1).state_dict().items()}
    entry = {"recipe": {"code": 8, "width": 16}, "scale": 0.1, "threshold": 0.5}
    detector = Reconstruction.from_entry(digits_model, tensors, entry)
    detector.autoencoder.double()

    class Double(torch.nn.Module):
        """The classifier's answers in double precision: the detector takes its dtype from them."""

        mean = digits_model.mean.double()
        device, name = digits_model.device, "double"

        def forward(self, x):
            return digits_model(x).double()

    detector.classifier = Double()
    x = digits_test[0][:3].double().requires_grad_()
    (gradient,) = torch.autograd.grad(detector.logit(x).sum(), x)
    step = torch.randn(x.shape, generator=torch.Generator().manual_seed(0)).double()
    h = 1e-6
    ahead, behind = (detector.logit(x.detach() + sign * h * step) for sign in (1, -1))
    measured = (ahead - behind) / (2 * h)
    torch.testing.assert_close((gradient * step).sum((1, 2, 3)), measured, atol=1e-6, rtol=1e-5)


def test_a_perfect_reconstruction_has_finite_log_odds_and_gradient(digits_model):
    detector = Reconstruction(digits_model, build(digits_model, 2, 2), scale=0.1)
    last = detector.autoencoder.decoder[-2]
    last.weight.zero_()
    last.bias.zero_()  # the decoder draws 0.5 everywhere
    x = torch.full((2, 1, 8, 8), 0.5).requires_grad_()
    logit = detector.logit(x)
    (gradient,) = torch.autograd.grad(logit.sum(), x)
    assert logit.isfinite().all()
    assert gradient.isfinite().all()
    assert (detector.score(x) < 1e-4).all()


def test_attacks_on_both_follow_the_gradient_to_a_lower_error(detector, digit_pictures, attacked):
    images, labels = (part[:40] for part in digit_pictures)
    hide = Dynamic(eps=0.1, steps=10, sigma=1.0, detector=detector)
    hidden = hide(detector.classifier, attacked[:40], labels)
    assert detector.error(hidden).mean() < 0.8 * detector.error(attacked[:40]).mean()
    both = PGDPair(eps=0.5, steps=20, detector=detector)(detector.classifier, images, labels)
    fooled = detector.classifier(both).argmax(1) != labels
    assert (fooled & ~detector.flags(both)).double().mean() > 0.8


def test_the_round_trip_through_the_zoo(detector, digits_model, digit_pictures):
    entry = zoo.index()[NAME]
    assert METHODS.get("reconstruction") is type(detector) is Reconstruction
    assert detector.classifier is zoo.load("digits-cnn", "cpu")
    assert (detector.name, detector.threshold, detector.scale) == (
        *(NAME, entry["threshold"]),
        entry["scale"],
    )
    assert detector.error_threshold == pytest.approx(entry["error_threshold"])
    tensors = detector.autoencoder.state_dict()
    again = Reconstruction.from_entry(digits_model, tensors, entry)
    assert torch.equal(again.score(digit_pictures[0]), detector.score(digit_pictures[0]))


def test_colour_pictures_of_another_size(resnet, cat):
    before = torch.get_rng_state()
    detector = Reconstruction(resnet, build(resnet, 4, 4), scale=0.2)
    assert torch.equal(before, torch.get_rng_state())
    x = torch.cat([cat, cat.flip(3)]).requires_grad_()
    (gradient,) = torch.autograd.grad(detector.logit(x).sum(), x)
    assert gradient.isfinite().all()
    assert gradient.any()


def test_frozen_and_in_eval_mode(detector):
    assert detector.train() is detector
    assert not any(module.training for module in detector.modules())
    assert not any(parameter.requires_grad for parameter in detector.parameters())


def test_mistakes_are_named(digits_model, resnet, detector):
    network = build(digits_model, 2, 2)
    for scale in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="scale must be an error above 0"):
            Reconstruction(digits_model, network, scale=scale)
    with pytest.raises(ValueError, match="threshold must be a score"):
        Reconstruction(digits_model, network, scale=0.1, threshold=1.5)
    with pytest.raises(RuntimeError, match="size mismatch"):
        Reconstruction.from_entry(resnet, detector.autoencoder.state_dict(), zoo.index()[NAME])
    assert Reconstruction(digits_model, network, scale=0.1, threshold=1.0).error_threshold == (
        math.inf
    )
