"""Masked gradients along a line: the decision stays, the gradient goes, who knows gets it back."""

import pytest
import torch

from robust_core import zoo
from robust_core.attacks.losses import log_odds
from robust_core.toys.masking import LossLine, Rounding, Saturation, direction, gradient, line, step

LEVELS = (16, 32, 64)
"""Digits have 17 levels: these roundings leave them as they are."""


@pytest.fixture(scope="module")
def model():
    return zoo.load("digits-cnn", "cpu")


@pytest.fixture(scope="module")
def digit(digits_test) -> tuple[torch.Tensor, torch.Tensor]:
    images, labels = digits_test
    return images[2:3], labels[2:3]


@pytest.fixture(scope="module")
def lines(model, digit) -> dict[object, LossLine]:
    masks = [Rounding(k=k) for k in LEVELS] + [Saturation(s=s) for s in (1, 3, 10, 100)]
    return {mask: line(model, mask, *digit) for mask in masks}


def walked(model, digit, t: torch.Tensor) -> torch.Tensor:
    image, label = digit
    way = direction(model, image, label)
    return model((image + t.view(-1, 1, 1, 1) * way).clamp(0, 1)).detach()


@pytest.mark.parametrize("k", LEVELS)
def test_rounding_is_the_same_curve_in_steps(model, digit, lines, k):
    """The picture lies on the levels, so rounding it rounds t."""
    found = lines[Rounding(k=k)]
    at = torch.round(found.t.double() * k).float() / k
    clear = ((found.t * k) % 1 - 0.5).abs() > 1e-3  # not on an edge
    logits = walked(model, digit, at)
    loss = Rounding(k=k).loss(logits, digit[1].expand(len(at)))
    assert clear.sum() > 140
    assert torch.allclose(found.defended_loss[clear], loss[clear], atol=1e-4)
    assert torch.equal(found.defended_classes[clear], logits.argmax(1)[clear])


@pytest.mark.parametrize("k", LEVELS)
def test_the_decision_of_rounding_moves_by_half_a_level_at_most(lines, k):
    found = lines[Rounding(k=k)]
    first = [
        found.t[(c != c[0]).nonzero()[0]].item() for c in (found.classes, found.defended_classes)
    ]
    spacing = (found.t[1] - found.t[0]).item()
    assert abs(first[0] - first[1]) <= 0.5 / k + spacing


@pytest.mark.parametrize("k", LEVELS)
def test_rounding_has_no_gradient_until_it_is_passed_straight_through(model, digit, lines, k):
    found = lines[Rounding(k=k)]
    assert not found.seen_slope.any()
    assert found.slope.abs().min() > 0
    blind = step(model, Rounding(k=k), *digit, eps=0.2, adaptive=False)
    aware = step(model, Rounding(k=k), *digit, eps=0.2, adaptive=True)
    assert blind.zeros == 1
    assert torch.equal(blind.picture, digit[0])
    assert blind.said == int(digit[1])
    assert aware.zeros < 0.5
    assert aware.said != int(digit[1])


def test_on_the_levels_the_known_gradient_is_that_of_the_network(model, digit):
    """BPDA with the identity: the gradient of the network at the rounded picture, here at the picture."""
    mask = Rounding(k=16)
    known = gradient(lambda x: mask.adaptive(model, x), *digit, mask.loss)
    assert torch.equal(known, gradient(model, *digit, mask.loss))


@pytest.mark.parametrize("s", [1, 3, 10, 100])
def test_scaling_the_logits_changes_no_decision(lines, s):
    found = lines[Saturation(s=s)]
    assert torch.equal(found.classes, found.defended_classes)
    assert torch.equal(found.slope, found.adaptive_slope)


def test_a_scale_of_one_is_no_defence(lines):
    found = lines[Saturation(s=1)]
    assert torch.equal(found.loss, found.defended_loss)
    assert torch.equal(found.slope, found.seen_slope)


def test_more_scale_leaves_less_gradient(model, digits_test):
    images, labels = digits_test
    for i in range(5):
        digit = images[i : i + 1], labels[i : i + 1]
        zeros = [
            step(model, Saturation(s=s), *digit, eps=0.2, adaptive=False).zeros
            for s in (1, 3, 10, 30, 100)
        ]
        assert zeros == sorted(zeros)
        assert zeros[0] == 0
        assert zeros[-1] == 1


def test_one_who_divides_by_the_scale_gets_through(model, digit):
    mask = Saturation(s=100)
    assert step(model, mask, *digit, eps=0.2, adaptive=False).said == int(digit[1])
    assert step(model, mask, *digit, eps=0.2, adaptive=True).said != int(digit[1])


def test_the_slope_is_that_of_the_curve(lines):
    """Central differences, where nothing is clipped or bent: most of the line."""
    found = lines[Rounding(k=16)]
    t, loss = found.t.double(), found.loss.double()
    measured = (loss[2:] - loss[:-2]) / (t[2:] - t[:-2])
    off = (measured - found.slope[1:-1]).abs() / found.slope.abs().max()
    assert off.median() < 0.02


def test_the_line_is_that_of_fgsm(model, digit):
    image, label = digit
    assert torch.equal(
        direction(model, image, label), gradient(model, image, label, log_odds).sign()
    )
    undefended = step(model, Saturation(s=1), image, label, eps=0.0, adaptive=True)
    assert torch.equal(undefended.picture, image)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: Rounding(k=0), "k"),
        (lambda: Rounding(k=2.5), "k"),
        (lambda: Saturation(s=0.5), "s"),
        (lambda: Saturation(s=float("inf")), "s"),
    ],
)
def test_a_bad_mask_is_named(make, name):
    with pytest.raises(ValueError, match=rf"^{name} must be"):
        make()


@pytest.mark.parametrize(
    ("name", "value"), [("reach", -1), ("back", 2), ("points", 1), ("points", "x")]
)
def test_a_bad_line_is_named(model, digit, name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be"):
        line(model, Rounding(k=16), *digit, **{name: value})


def test_a_line_is_of_one_picture(model, digits_test):
    images, labels = digits_test
    with pytest.raises(ValueError, match="one picture"):
        line(model, Rounding(k=16), images[:2], labels[:2])
