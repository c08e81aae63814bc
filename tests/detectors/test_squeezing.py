"""Feature squeezing: the score's bounds and zeros, its log-odds, gradients past the squeezers."""

import pytest
import torch

from robust_core.attacks import BIM
from robust_core.attacks.pair.dynamic import Dynamic
from robust_core.detectors import METHODS, FeatureSqueezing, calibrate
from robust_core.detectors.measure import area
from robust_core.detectors.squeezers import (
    PRESETS,
    BitSqueezer,
    MedianSqueezer,
    NonLocalMeansSqueezer,
)

ENTRY = {"recipe": {"squeezers": ["bits-1", "median-2"]}, "threshold": 0.25}


@pytest.fixture(scope="module")
def detector(digits_model) -> FeatureSqueezing:
    return FeatureSqueezing(digits_model, PRESETS["mnist"])


@pytest.fixture(scope="module")
def digits(digit_pictures):
    return digit_pictures[0]


@pytest.fixture(scope="module")
def attacked(digits_model, digit_pictures):
    return BIM(eps=0.1, steps=10)(digits_model, *digit_pictures)


def test_the_score_is_half_the_largest_distance_of_two_predictions(detector, digits_model, digits):
    distances = detector.distances(digits)
    assert distances.shape == (100, 2)
    for j, squeeze in enumerate(detector.squeezers):
        p, q = digits_model(digits).softmax(1), digits_model(squeeze(digits)).softmax(1)
        torch.testing.assert_close(distances[:, j], (p - q).abs().sum(1), atol=1e-5, rtol=0)
    assert torch.equal(detector.distance(digits), distances.max(1).values)
    assert torch.equal(detector.score(digits), detector.distance(digits) / 2)
    assert distances.min() >= 0
    assert distances.max() <= 2 + 1e-6
    assert not distances.requires_grad


def test_nothing_to_squeeze_is_nothing_to_find(digits_model, digits):
    one_bit = FeatureSqueezing(digits_model, [BitSqueezer(1)])
    torch.testing.assert_close(one_bit.score(digits.round()), torch.zeros(100), atol=1e-6, rtol=0)
    eight_bits = FeatureSqueezing(digits_model, [BitSqueezer(8)])
    file = digits.mul(255).round().div(255)
    torch.testing.assert_close(eight_bits.score(file), torch.zeros(100), atol=1e-6, rtol=0)
    assert eight_bits.logit(file).isfinite().all()


def test_more_squeezers_never_lower_the_score(digits_model, digits):
    alone = [FeatureSqueezing(digits_model, [s]).score(digits) for s in PRESETS["mnist"]]
    joint = FeatureSqueezing(digits_model, PRESETS["mnist"]).score(digits)
    torch.testing.assert_close(joint, torch.maximum(*alone), atol=1e-6, rtol=0)


def test_the_logit_is_the_log_odds_of_the_score(detector, digits, attacked):
    x = torch.cat([digits, attacked])
    torch.testing.assert_close(detector.logit(x).sigmoid(), detector.score(x), atol=1e-5, rtol=0)


def test_log_odds_do_not_saturate_where_the_predictions_share_nothing(digits_model, digits):
    """Logits times 50: in the softmax of float32 they share exactly nothing."""

    class Sure(torch.nn.Module):
        def forward(self, x):
            return 50 * digits_model.network(x)

    sure = type(digits_model)(
        Sure(),
        name="sure",
        class_names=digits_model.class_names,
        input_size=(8, 8),
        mean=(0.0,),
        std=(1.0,),
    )
    detector = FeatureSqueezing(sure, PRESETS["mnist"])
    x = digits.clone().requires_grad_()
    logit = detector.logit(x)
    far = detector.score(x) == 1
    assert far.any()
    (gradient,) = torch.autograd.grad(logit.sum(), x)
    assert gradient.isfinite().all()
    assert gradient[far].flatten(1).any(1).all()
    assert logit[far].unique().numel() == far.sum()


def test_both_are_the_two_answers(detector, digits_model, digits):
    logits, logit = detector.both(digits)
    assert torch.equal(logits, digits_model(digits))
    assert torch.equal(logit, detector.logit(digits))
    assert torch.equal(detector(digits), logit)


def test_a_picture_alone_is_as_in_the_batch(detector, digits):
    torch.testing.assert_close(
        detector.score(digits)[3:4], detector.score(digits[3:4]), atol=1e-5, rtol=0
    )


@pytest.mark.parametrize(
    "squeeze", [BitSqueezer(1), MedianSqueezer(2), NonLocalMeansSqueezer(5, 3, 30)]
)
def test_the_gradient_passes_a_squeezer_as_the_identity(linear, digits_model, squeeze):
    """On a linear model the gradient of a squeezed prediction is that of the prediction itself."""
    model = type(digits_model)(
        linear(3, (1, 8, 8), torch.float32),
        name="linear",
        class_names=("a", "b", "c"),
        input_size=(8, 8),
        mean=(0.0,),
        std=(1.0,),
    )
    detector = FeatureSqueezing(model, [squeeze])
    x = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0)).requires_grad_()
    _, squeezed = detector._predictions(x)
    (gradient,) = torch.autograd.grad(squeezed[0, :, 0].sum(), x)
    weight = model.network.weight[0].view(1, 8, 8).expand(2, 1, 8, 8)
    torch.testing.assert_close(gradient, weight)
    torch.testing.assert_close(squeezed[0], model(squeeze(x.detach())))


def test_the_gradient_leads_an_attack_to_a_lower_true_score(detector, digits_model, attacked):
    labels = digits_model(attacked).argmax(1)
    hide = Dynamic(eps=0.1, steps=20, sigma=1, detector=detector)
    hidden = hide(digits_model, attacked, labels)
    assert detector.score(hidden).mean() < 0.5 * detector.score(attacked).mean()


def test_calibration_keeps_to_the_rate_and_the_curve_rises(digits_model, digits, attacked):
    scores = FeatureSqueezing(digits_model, PRESETS["mnist"]).score(digits)
    detector = FeatureSqueezing(digits_model, PRESETS["mnist"], threshold=calibrate(scores, 0.05))
    assert detector.flags(digits).double().mean() <= 0.05 + 1 / 100
    assert torch.equal(detector.flags(digits), scores > detector.threshold)
    caught = [
        (detector.score(attacked) > calibrate(scores, rate)).sum().item()
        for rate in (0.0, 0.01, 0.05, 0.2, 0.5, 0.9)
    ]
    assert caught == sorted(caught)
    assert area(scores, scores) == 0.5
    assert area(scores, detector.score(attacked)) > 0.7


def test_colour_and_three_squeezers(resnet, cat):
    detector = FeatureSqueezing(resnet, PRESETS["cifar10"])
    x = torch.cat([cat, cat.flip(3)]).requires_grad_()
    assert detector.distances(x).shape == (2, 3)
    (gradient,) = torch.autograd.grad(detector.logit(x).sum(), x)
    assert gradient.isfinite().all()
    assert gradient.any()
    torch.testing.assert_close(detector.score(x.double()), detector.score(x))


def test_an_entry_makes_the_detector(digits_model, digits, detector):
    made = METHODS.get("squeezing").from_entry(digits_model, {}, ENTRY)
    assert made.threshold == 0.25
    assert made.squeezers == detector.squeezers
    assert torch.equal(made.score(digits), detector.score(digits))
    with pytest.raises(ValueError, match="squeezer must be"):
        FeatureSqueezing.from_entry(digits_model, {}, ENTRY | {"recipe": {"squeezers": ["x"]}})


def test_frozen_and_in_eval_mode(detector):
    assert detector.train() is detector
    assert not any(module.training for module in detector.modules())
    assert not any(parameter.requires_grad for parameter in detector.parameters())


def test_mistakes_are_named(digits_model):
    with pytest.raises(ValueError, match="squeezers must be at least one"):
        FeatureSqueezing(digits_model, [])
    with pytest.raises(ValueError, match="threshold must be a score"):
        FeatureSqueezing(digits_model, [BitSqueezer(1)], threshold=1.7547)
