"""Turns, scalings, shifts and light: exact where they can be, and never more than they may."""

import math

import pytest
import torch

from robust_core.training.jitter import Jitter


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


IMAGES = torch.rand(64, 3, 24, 16, generator=generator(1))


@pytest.fixture
def extreme(monkeypatch):
    """``extreme(value)``: every random number in [0, 1] is this one."""

    def extreme(value):
        def uniform(rows, n, generator):
            return torch.full((rows, n), value)

        monkeypatch.setattr("robust_core.training.jitter._uniform", uniform)

    return extreme


def test_nothing_is_changed_without_reason():
    same = Jitter()(IMAGES, generator())
    assert torch.allclose(same, IMAGES, atol=1e-5)


def test_a_seed_decides_and_pictures_differ():
    jitter = Jitter(turn=10, zoom=0.1, shift=0.1, light=0.3)
    first, again, other = (jitter(IMAGES, generator(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.shape == IMAGES.shape
    assert 0 <= first.min() <= first.max() <= 1
    one = jitter(IMAGES[:1].expand(64, -1, -1, -1), generator())
    assert len({bytes(picture) for picture in one.numpy()}) == 64


@pytest.mark.parametrize(("value", "sign"), [(1.0, 1), (0.0, -1)])
def test_the_largest_turn_is_a_turn_of_an_oblong_picture_too(extreme, value, sign):
    """By a quarter: what is seen at (y, x) from the centre came from (-x, y) or (x, -y)."""
    extreme(value)
    turned = Jitter(turn=90)(IMAGES, generator())
    square = IMAGES[:, :, 4:20]
    expected = torch.rot90(square, sign, (2, 3))
    assert torch.allclose(turned[:, :, 4:20], expected, atol=1e-5)


def test_the_largest_shift_is_a_share_of_each_side(extreme):
    """By an eighth: 3 of 24 rows and 2 of 16 columns; the border goes on."""
    extreme(1.0)
    shifted = Jitter(shift=1 / 8)(IMAGES, generator())
    assert torch.allclose(shifted[:, :, :-3, :-2], IMAGES[:, :, 3:, 2:], atol=1e-5)
    border = IMAGES[:, :, -1:, 2:].expand(-1, -1, 3, -1)
    assert torch.allclose(shifted[:, :, -3:, :-2], border, atol=1e-5)


def test_the_largest_zoom_doubles_the_picture_and_the_smallest_halves_it(extreme):
    """Of a slope, which interpolation leaves exact."""
    slope = torch.linspace(-1 + 1 / 16, 1 - 1 / 16, 16).expand(2, 1, 16, 16) / 4 + 0.5
    extreme(1.0)
    assert torch.allclose(Jitter(zoom=1)(slope, generator()), (slope + 0.5) / 2, atol=1e-5)
    extreme(0.0)
    inner = Jitter(zoom=1)(slope, generator())[..., 5:11]
    assert torch.allclose(inner, 2 * slope[..., 5:11] - 0.5, atol=1e-5)


@pytest.mark.parametrize(("value", "factor"), [(1.0, 1.5), (0.0, 1 / 1.5), (0.5, 1.0)])
def test_the_largest_and_the_smallest_light(extreme, value, factor):
    extreme(value)
    lit = Jitter(light=0.5)(IMAGES, generator())
    assert torch.allclose(lit, (IMAGES * factor).clamp(0, 1), atol=1e-5)


def test_angles_are_spread_over_what_is_allowed():
    """Told by the slope of a slanted plane: it turns with the picture."""
    plane = torch.linspace(-1, 1, 64).expand(500, 1, 64, 64) / 8 + 0.5
    turned = Jitter(turn=20)(plane, generator())[:, 0, 24:40, 24:40]
    across = (turned[:, 8, 15] - turned[:, 8, 0]).double()
    down = (turned[:, 15, 8] - turned[:, 0, 8]).double()
    angles = torch.atan2(down, across) * 180 / math.pi
    assert angles.abs().max() <= 20.01
    assert angles.min() < -18
    assert angles.max() > 18
    assert angles.mean().abs() < 2


@pytest.mark.parametrize(
    ("field", "value"), [("turn", -1), ("turn", 181), ("zoom", 1.5), ("shift", -0.1), ("light", 2)]
)
def test_refusals(field, value):
    with pytest.raises(ValueError, match=f"{field} must be from 0 to"):
        Jitter(**{field: value})
