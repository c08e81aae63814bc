"""One pixel, two, all: slopes are autograd's, and of a linear model the corner is the best."""

import math

import pytest
import torch
import torch.nn.functional as F

from robust_core import attacks
from robust_core.classifier import Classifier
from robust_core.experiment.pixels import MEASURES, ascent, one_pixel, two_pixels
from robust_core.experiment.surface import surface


@pytest.fixture
def straight(linear):
    """A linear classifier of two classes: its log-odds are linear in the picture."""
    network = linear(shape=(3, 4, 4), dtype=torch.float32)
    return Classifier(
        network,
        name="linear",
        class_names=("a", "b"),
        input_size=(4, 4),
        mean=(0.0,) * 3,
        std=(1.0,) * 3,
    )


@pytest.fixture
def picture(pictures):
    return pictures(1, (3, 4, 4), torch.float32)


def test_the_step_is_fgsm_and_its_parts_are_those_of_autograd(digits_model, digit_pictures):
    images, labels = (x[:1] for x in digit_pictures)
    found = ascent(digits_model, images, 0.15, int(labels[0]))
    assert torch.equal(
        found.adversarial[None], attacks.FGSM(eps=0.15)(digits_model, images, labels)
    )
    x = images.clone().requires_grad_()
    loss = F.cross_entropy(digits_model(x).double(), labels)
    (gradient,) = torch.autograd.grad(loss, x)
    ce = MEASURES["ce"]
    assert ce.of(found.odds) == pytest.approx(loss.item(), rel=1e-4)
    torch.testing.assert_close(
        (found.gradient * ce.times(found.odds)).float(), gradient[0], rtol=1e-3, atol=1e-12
    )
    assert set(found.sign.unique().tolist()) <= {-1.0, 0.0, 1.0}
    assert found.label.confidence == pytest.approx(math.exp(-ce.of(found.odds)), rel=1e-6)
    assert found.left.confidence == pytest.approx(math.exp(-ce.of(found.reached)), rel=1e-6)


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_has_the_slope_of_its_value(name):
    measure = MEASURES[name]
    for odds in (-30.0, -2.0, 0.0, 3.0):
        slope = (measure.of(odds + 1e-4) - measure.of(odds - 1e-4)) / 2e-4
        assert measure.times(odds) == pytest.approx(slope, rel=1e-4, abs=1e-15)


def test_the_tangent_of_one_pixel_is_the_slope_of_its_curve(digits_model, digit_pictures):
    images, labels = (x[:1] for x in digit_pictures)
    found = ascent(digits_model, images, 0.05, int(labels[0]))
    place = found.steepest()
    one = one_pixel(digits_model, found, place, points=2001)
    near = (one.values - one.value).abs().argsort()[:2]
    (a, b), (u, v) = one.values[near].tolist(), one.odds[near].tolist()
    assert one.slope == pytest.approx((v - u) / (b - a), rel=0.05)
    assert one.slope == found.gradient[place].item()
    assert one.moved == pytest.approx(
        min(1, max(0, one.value + 0.05 * math.copysign(1, one.slope)))
    )
    assert one.here == pytest.approx(found.odds, abs=1e-4)


def test_of_a_linear_model_the_curve_is_its_tangent(straight, picture):
    found = ascent(straight, picture, 0.1)
    one = one_pixel(straight, found, (2, 1, 3))
    tangent = one.here + one.slope * (one.values - one.value)
    torch.testing.assert_close(one.odds, tangent, atol=1e-4, rtol=1e-4)
    assert one.reached == pytest.approx(one.here + 0.1 * abs(one.slope), abs=1e-5)


def test_of_a_linear_model_the_corner_is_the_best_of_the_square(straight, picture):
    found = ascent(straight, picture, 0.1)
    two = two_pixels(straight, found, ((0, 0, 0), (1, 2, 3)))
    assert two.best == pytest.approx(two.corner, abs=1e-5)
    assert two.corner[2] == pytest.approx(
        two.own[2] + 0.1 * (abs(two.slopes[0]) + abs(two.slopes[1])), abs=1e-5
    )
    assert two.own[2] < two.circle[2] < two.corner[2]
    way = [two.circle[k] - two.own[k] for k in (0, 1)]
    assert math.hypot(*way) == pytest.approx(0.1)
    assert way[0] * two.slopes[1] == pytest.approx(way[1] * two.slopes[0], abs=1e-9)
    middle = two.odds[16, 16].item()
    assert middle == pytest.approx(two.own[2], abs=1e-5), "x is in the middle of the map"


def test_near_a_border_everything_stays_in_the_box(straight, picture):
    picture[0, 0, 0, 0] = 1.0
    picture[0, 1, 2, 3] = 0.02
    found = ascent(straight, picture, 0.1)
    two = two_pixels(straight, found, ((0, 0, 0), (1, 2, 3)), points=9)
    assert two.axes[0].max() == 1
    assert two.axes[1].min() == 0
    for point in (two.corner, two.circle, two.best):
        assert all(0 <= value <= 1 for value in point[:2])


def test_the_steepest_value_is_found_where_it_is_allowed(straight, picture):
    found = ascent(straight, picture, 0.1)
    size = found.gradient.abs()
    first = found.steepest()
    assert size[first] == size.max()
    second = found.steepest(besides=first)
    assert size[second] == size.flatten().sort(descending=True).values[1]
    assert found.steepest((None, 2, None))[1] == 2
    assert found.steepest((1, 2, 3)) == (1, 2, 3)
    assert found.steepest((1, 2, 3), besides=(1, 2, 3)) == (1, 2, 3)


def test_of_a_linear_model_the_surface_is_the_tangent_plane(straight, picture):
    found = ascent(straight, picture, 0.05)
    seen = []
    cut = surface(straight, found, points=13, progress=lambda k, n: seen.append((k, n)))
    assert seen[-1] == (169, 169)
    for name in MEASURES:
        assert MEASURES[name].of(cut.here) == pytest.approx(
            cut.plane(MEASURES[name])[6, 6].item(), rel=1e-4
        )
    plane = cut.plane(MEASURES["odds"])
    torch.testing.assert_close(cut.odds, plane, atol=1e-4, rtol=1e-4)
    assert cut.corner == pytest.approx(cut.promised(MEASURES["odds"]), abs=1e-4)
    assert cut.corner == pytest.approx(found.reached, abs=1e-5)
    assert cut.aside == pytest.approx(cut.here + 0.05 * abs(cut.slopes[1]), abs=1e-4)
    assert cut.corner > cut.aside > cut.here


def test_the_corner_of_the_surface_is_fgsms_picture(digits_model, digit_pictures):
    images, labels = (x[:1] for x in digit_pictures)
    found = ascent(digits_model, images, 0.1, int(labels[0]))
    first, second, other = (surface(digits_model, found, points=7, seed=seed) for seed in (0, 0, 1))
    assert first.corner == pytest.approx(found.reached, abs=1e-3)
    assert first.here == pytest.approx(found.odds, abs=1e-3)
    assert torch.equal(first.odds, second.odds)
    assert not torch.equal(first.odds, other.odds)


def test_what_has_no_picture_or_no_corner_is_refused(straight, picture):
    found = ascent(straight, picture, 0.1)
    still = ascent(straight, picture, 0.0)
    refused = (
        ("one picture", lambda: ascent(straight, picture.repeat(2, 1, 1, 1), 0.1)),
        ("shape", lambda: ascent(straight, picture[..., :3], 0.1)),
        ("eps must be from 0 to 1", lambda: ascent(straight, picture, 1.5)),
        ("place must be", lambda: one_pixel(straight, found, (3, 0, 0))),
        ("place must be", lambda: found.steepest((None, 4, None))),
        ("second must be another", lambda: two_pixels(straight, found, ((0, 0, 0), (0, 0, 0)))),
        ("eps must be above 0", lambda: two_pixels(straight, still, ((0, 0, 0), (0, 0, 1)))),
        ("eps must be above 0", lambda: surface(straight, still)),
        ("points must be 7", lambda: surface(straight, found, points=25 + 1)),
    )
    for sentence, ask in refused:
        with pytest.raises(ValueError, match=sentence):
            ask()
