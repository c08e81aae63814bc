"""Confidence against eps: each point is what one attack of that radius gives."""

import pytest
import torch

from robust_core import attacks
from robust_core.data.fitting import to_pixels, to_tensor
from robust_core.experiment.curves import curve
from robust_core.experiment.perform import perform
from robust_core.goals import Towards

RADII = (0.0, 0.05, 0.1, 0.2)


@pytest.fixture(scope="module")
def batch(digit):
    """A test digit ``[1, 1, 8, 8]`` of 8-bit values, and its label."""
    pixels, label = digit
    return to_tensor(pixels), label


@pytest.mark.parametrize("name", ["fgsm", "pgd", "bim-l2", "noise"])
def test_each_point_is_the_attack_of_that_radius(digits_model, batch, name):
    image, label = batch
    points = curve(digits_model, image, attacks.create(name), RADII, label=label)
    assert [point.eps for point in points] == list(RADII)
    for radius, point in zip(RADII[1:], points[1:], strict=True):
        alone = perform(
            digits_model, to_pixels(image)[0], attacks.create(name, eps=radius), label=label
        )
        exact = digits_model(alone.adversarial)[0].softmax(0)  # a curve is of what is not rounded
        assert point.confidence == pytest.approx(exact[label].item(), abs=1e-6)
        assert point.success == alone.success_exact
        assert point.winner == exact.argmax()
        assert (point.l2, point.linf) == pytest.approx((alone.l2, alone.linf), abs=1e-6)


def test_eps_zero_is_the_clean_picture(digits_model, batch):
    image, label = batch
    (point,) = curve(digits_model, image, attacks.PGD(), [0.0], label=label)
    clean = digits_model(image).double().softmax(1)[0]
    assert point.confidence == pytest.approx(clean[label].item())
    assert (point.l2, point.linf, point.success) == (0, 0, False)


def test_on_two_classes_of_a_linear_model_fgsm_has_a_closed_form(linear, pictures):
    """The margin falls by eps times the L1 norm of the difference of the weights."""
    model, image = linear().eval(), pictures(1)
    model.class_names = ("left", "right")
    slope = (model.weight[0] - model.weight[1]).detach()
    margin = (slope @ image.flatten()).item()
    label = 0 if margin > 0 else 1
    radii = [0.0, 0.001, 0.01, 0.1]
    points = curve(model, image, attacks.FGSM(), radii, label=label)
    for radius, point in zip(radii, points, strict=True):
        left = abs(margin) - radius * slope.abs().sum().item()
        assert point.confidence == pytest.approx(torch.sigmoid(torch.tensor(left)).item(), abs=1e-6)
        assert point.success == (left < 0)
    confidences = [point.confidence for point in points]
    assert confidences == sorted(confidences, reverse=True)


def test_a_target_has_a_confidence_of_its_own(digits_model, batch):
    image, label = batch
    target = (label + 1) % 10
    points = curve(
        digits_model, image, attacks.PGD(), (0.0, 0.5), label=label, goal=Towards(target)
    )
    assert points[0].aimed < 0.5 < points[1].aimed
    assert points[1].success
    assert points[1].winner == target
    assert curve(digits_model, image, attacks.FGSM(), (0.1,), label=label)[0].aimed is None


def test_progress_rises_to_the_end_and_can_stop_it(digits_model, batch):
    image, label = batch
    seen = []
    attack = attacks.PGD(steps=5)
    curve(
        digits_model, image, attack, RADII, label=label, progress=lambda k, n: seen.append((k, n))
    )
    done, totals = zip(*seen, strict=True)
    assert set(totals) == {len(RADII) * attack.observations}
    assert list(done) == sorted(done)
    assert done[-1] == totals[-1]

    def stop(k, n):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        curve(digits_model, image, attack, RADII, label=label, progress=stop)


def test_without_a_label_the_prediction_is_the_class_to_leave(digits_model, batch):
    (point,) = curve(digits_model, batch[0], attacks.FGSM(), [0.0])
    assert point.confidence > 0.5
    assert not point.success


def test_wrong_arguments_are_named(digits_model, batch, digit_pictures):
    image, label = batch
    with pytest.raises(ValueError, match="images"):
        curve(digits_model, digit_pictures[0][:2], attacks.FGSM(), [0.1])
    with pytest.raises(ValueError, match="attack"):
        curve(digits_model, image, attacks.DeepFool(), [0.1])
    with pytest.raises(ValueError, match="radii"):
        curve(digits_model, image, attacks.FGSM(), [])
    with pytest.raises(ValueError, match="eps"):
        curve(digits_model, image, attacks.FGSM(), [-0.1])
    with pytest.raises(ValueError, match="target"):
        curve(digits_model, image, attacks.FGSM(), [0.1], label=label, goal=Towards(label))


def test_outside_the_mask_nothing_changes_at_any_radius(digits_model, batch):
    image, label = batch
    mask = torch.zeros(1, 1, 8, 8, dtype=torch.bool)
    mask[..., 2:6, 2:6] = True
    points = curve(digits_model, image, attacks.FGSM(), [0.1, 0.3], label=label, mask=mask)
    for point in points:
        alone = perform(
            digits_model,
            to_pixels(image)[0],
            attacks.FGSM(eps=point.eps),
            label=label,
            mask=mask,
        )
        assert point.l2 == pytest.approx(alone.l2, abs=1e-6)
        assert 0 < point.l2 <= point.eps * 4 + 1e-6
