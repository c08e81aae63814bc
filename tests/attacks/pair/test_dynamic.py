"""The dynamic adversary: closed forms for a linear pair, and its two ends."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from robust_core import attacks, goals
from robust_core.attacks import BIM, Dynamic
from robust_core.detectors import Subnetwork
from robust_core.models import ResNet32
from robust_core.models.detector import build

EPS, LABELS = 0.05, torch.tensor([0, 1, 0, 1, 1, 0])
SIGMAS = [0.0, 0.1, 0.3, 0.5, 0.7, 1.0]


class LinearDetector(nn.Module):
    """Log-odds ``scale * pixels @ weight``; counts how often it is asked."""

    def __init__(self, shape=(3, 5, 7), scale=1.0, seed=7) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        size = torch.Size(shape).numel()
        self.weight = nn.Parameter(torch.randn(size, generator=generator, dtype=torch.float64))
        self.drop, self.scale, self.asked = nn.Dropout(0.5), scale, 0

    def logit(self, images):
        self.asked += 1
        return self.scale * self.drop(images.flatten(1)) @ self.weight


@pytest.fixture
def pair(linear, pictures):
    """A two-class model, pictures away from the box, both directions, and the detector."""
    model, images, detector = linear(2), pictures(), LinearDetector()
    weight = model.weight.detach()
    classifier = (weight[1 - LABELS] - weight[LABELS]).view_as(images).sign()
    genuine = -detector.weight.detach().view(images.shape[1:]).sign().expand_as(images)
    return model, images, detector, classifier, genuine


@pytest.mark.parametrize("sigma", SIGMAS)
@pytest.mark.parametrize("steps", [1, 3])
def test_closed_form_for_a_linear_pair(pair, sigma, steps):
    """Steps too short to reach the ball: they add up."""
    model, images, detector, classifier, genuine = pair
    attack = Dynamic(eps=EPS, steps=steps, step_size=0.01, sigma=sigma, detector=detector)
    moved = attack(model, images, LABELS) - images
    wanted = steps * 0.01 * ((1 - sigma) * classifier + sigma * genuine)
    torch.testing.assert_close(moved, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("sigma", SIGMAS)
def test_steps_stop_at_the_ball(pair, sigma):
    model, images, detector, classifier, genuine = pair
    adversarial = Dynamic(eps=EPS, steps=40, sigma=sigma, detector=detector)(model, images, LABELS)
    wanted = (100 * EPS * ((1 - sigma) * classifier + sigma * genuine)).clamp(-EPS, EPS)
    torch.testing.assert_close(adversarial - images, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("sigma", [0.1, 0.3, 0.5, 0.7, 1.0])
def test_every_step_is_one_of_the_few_mixtures(net, pictures, sigma):
    """Of networks that are not linear, at the first and at later steps."""
    model, detector, seen = net(), LinearDetector(), []
    attack = Dynamic(eps=1.0, steps=3, step_size=0.01, sigma=sigma, detector=detector)
    attack(model, pictures(), LABELS, observer=lambda x, loss: seen.append(x))
    assert len(seen) == attack.observations
    for before, after in pairwise(seen):
        step = ((after - before) / 0.01).abs()
        either = torch.minimum((step - 1).abs(), (step - abs(1 - 2 * sigma)).abs())
        assert either.max() < 1e-9
        if sigma == 0.5:
            assert set((after - before).div(0.01).round().unique().tolist()) == {-1, 0, 1}


@pytest.mark.parametrize("targeted", [False, True])
@pytest.mark.parametrize("name", ["net", "digits"])
def test_sigma_0_is_bim_bit_for_bit(net, pictures, digits_model, digit_pictures, name, targeted):
    model, images, labels = net(), pictures(), LABELS
    if name == "digits":
        model, (images, labels) = digits_model, digit_pictures
    detector = LinearDetector()
    dynamic = Dynamic(eps=0.1, sigma=0, detector=detector)
    assert dynamic.size == BIM(eps=0.1).size
    wanted = BIM(eps=0.1)(model, images, labels, targeted)
    assert dynamic(model, images, labels, targeted).equal(wanted)
    assert detector.asked == 0


def test_sigma_1_does_not_depend_on_the_classifier(net, linear, pictures):
    images = pictures()
    attack = Dynamic(eps=EPS, sigma=1, detector=LinearDetector())
    results = [attack(model, images, LABELS) for model in (net(), linear(2), linear(9, seed=3))]
    assert results[0].equal(results[1])
    assert results[0].equal(results[2])
    assert attack(net(), images, 1 - LABELS).equal(results[0])
    assert not results[0].equal(images)


@pytest.mark.parametrize("sigma", [0.1, 0.5, 1.0])
def test_a_larger_sigma_fools_the_detector_more_and_the_classifier_less(pair, sigma):
    model, images, detector, *_ = pair

    def losses(sigma):
        x = Dynamic(eps=EPS, steps=1, step_size=EPS, sigma=sigma, detector=detector)(
            model, images, LABELS
        )
        logits = model(x)
        return detector.eval().logit(x), (logits.gather(1, LABELS[:, None]))[:, 0] - logits.mean(1)

    less, more = losses(sigma - 0.1), losses(sigma)
    assert (more[0] < less[0]).all()  # says genuine
    assert (more[1] > less[1]).all()  # and keeps the class


def test_the_scale_of_either_loss_does_not_count(pair):
    model, images, *_ = pair
    results = [
        Dynamic(eps=EPS, detector=LinearDetector(scale=scale))(
            lambda x, scale=scale: model(x) / scale, images, LABELS
        )
        for scale in (1e-3, 1.0, 1e3)
    ]
    assert results[0].equal(results[1])
    assert results[2].equal(results[1])


def test_a_detector_that_is_sure_still_has_a_gradient(linear, pictures):
    """The cross-entropy of log-odds -1e4 is flat in floating point; its direction is not."""
    images, detector, sure = pictures(), LinearDetector().eval(), LinearDetector()
    sure.logit = lambda x: detector.logit(x) - 1e4
    first, second = (
        Dynamic(eps=EPS, sigma=1, detector=d)(linear(2), images, LABELS) for d in (detector, sure)
    )
    assert first.equal(second)


def test_towards_a_target_the_first_sign_turns(pair):
    model, images, detector, classifier, genuine = pair
    attack = Dynamic(eps=EPS, steps=1, step_size=0.01, sigma=0.3, detector=detector)
    moved = attack(model, images, LABELS, targeted=True) - images
    torch.testing.assert_close(
        moved, 0.01 * (-0.7 * classifier + 0.3 * genuine), rtol=0, atol=1e-12
    )


@pytest.mark.parametrize(("sigma", "passes"), [(0, 5), (0.3, 10), (1, 5)])
def test_passes_of_both_networks_are_counted(pair, sigma, passes):
    model, images, detector, *_ = pair
    record = Dynamic(eps=EPS, steps=5, sigma=sigma, detector=detector).run(model, images, LABELS)
    assert record.queries_forward.tolist() == record.queries_backward.tolist() == [passes] * 6
    assert record.iterations.tolist() == [5] * 6
    assert record.trace.shape == (6, 5)
    assert detector.asked == (5 if sigma else 0)
    assert record.success.equal(model(record.x_adv).argmax(1) != LABELS)


def test_the_detector_is_asked_in_eval_mode_and_left_as_it_was(pair):
    model, images, detector, _, genuine = pair
    detector.train()
    state = {k: v.clone() for k, v in detector.state_dict().items()}
    attack = Dynamic(eps=EPS, steps=1, step_size=0.01, sigma=1, detector=detector)
    moved = attack(model, images, LABELS) - images  # with dropout some values would stay
    torch.testing.assert_close(moved, 0.01 * genuine, rtol=0, atol=1e-12)
    assert detector.training
    assert detector.drop.training
    assert detector.weight.grad is None
    assert all(detector.state_dict()[k].equal(v) for k, v in state.items())


def test_a_detector_that_ignores_the_picture_leaves_the_classifiers_share(pair):
    model, images, _, classifier, _ = pair
    constant = LinearDetector()
    constant.logit = lambda x: torch.zeros(len(x), dtype=x.dtype)
    attack = Dynamic(eps=EPS, steps=1, step_size=0.01, sigma=0.3, detector=constant)
    moved = attack(model, images, LABELS) - images
    torch.testing.assert_close(moved, 0.007 * classifier, rtol=0, atol=1e-12)


def test_the_gradient_goes_through_the_shared_trunk(resnet, cat):
    """The real pair, float32 and half precision: detector log-odds fall."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        detector = Subnetwork(resnet, build(ResNet32, "AD(4)"), point="AD(4)")
    label = resnet(cat).argmax(1)
    for dtype in (torch.float32, torch.float16):
        images = cat.to(dtype)
        attack = Dynamic(eps=4 / 255, steps=2, sigma=1, detector=detector)
        adversarial = attack(resnet, images, label)
        assert adversarial.dtype == dtype
        assert (detector.logit(adversarial) < detector.logit(images)).all()


def test_it_stands_apart_in_the_registry():
    assert attacks.names(pair=True)[0] == "dynamic"
    assert "dynamic" not in attacks.names()
    assert attacks.get("dynamic") is Dynamic
    detector = LinearDetector()
    made = attacks.create("dynamic", eps=0.1, sigma=0.2, detector=detector)
    assert (made.eps, made.sigma, made.detector) == (0.1, 0.2, detector)
    assert "detector" not in repr(made)


@pytest.mark.parametrize("wrong", [None, 3, "detector", nn.Linear(2, 2), [0.5]])
def test_a_detector_is_needed(wrong):
    with pytest.raises(ValueError, match=r"^detector must be an object with a method logit; got "):
        attacks.create("dynamic", detector=wrong)
    with pytest.raises(ValueError, match=r"^detector must be an object with a method logit; got "):
        attacks.create("dynamic", eps=0.1)


@pytest.mark.parametrize("sigma", [-0.1, 1.1, float("nan"), None, "0.3", True])
def test_sigma_must_be_a_share(sigma):
    with pytest.raises(ValueError, match=r"^sigma must be a number from 0 to 1; got "):
        Dynamic(sigma=sigma, detector=LinearDetector())


@pytest.mark.parametrize("wrong", [lambda x: x, lambda x: x[:1, 0, 0, 0], lambda x: 0.5])
def test_a_detector_must_return_one_log_odds_a_picture(pair, wrong):
    model, images, detector, *_ = pair
    detector.logit = wrong
    with pytest.raises(ValueError, match=r"^detector must map pictures .* to log-odds \[6\]"):
        Dynamic(detector=detector)(model, images, LABELS)


@pytest.mark.parametrize("sigma", [0, 0.3, 1])
def test_labels_and_goals_are_refused_at_every_sigma(pair, sigma):
    model, images, detector, *_ = pair
    attack = Dynamic(sigma=sigma, detector=detector)
    with pytest.raises(ValueError, match=r"^labels.* must be class indices from 0 to 1"):
        attack(model, images, LABELS + 1)
    with pytest.raises(ValueError, match=r"^goal of dynamic must be one of untargeted, targeted"):
        attack.run(model, images, LABELS, goals.ConfidenceReduction())
