"""Random transformations: what the identity, a seed, a stage and a draw promise."""

import pytest
import torch

from robust_core.attacks.physical.transformation import (
    IDENTITY,
    PHOTO,
    PRESETS,
    STAGES,
    VIEWS,
    Transformation,
    generator_of,
)

FLAT = torch.full((2, 3, 9, 12), 0.25, dtype=torch.float64)


def draw(transformation, n=1, seed=0):
    return transformation.draw(n, generator_of(seed))


def test_the_identity_leaves_every_bit(pictures):
    images = pictures(3, low=0, high=1)
    assert draw(IDENTITY)(images).equal(images)
    assert draw(PHOTO.scaled(0))(images).equal(images)
    assert IDENTITY.fixed
    assert not PHOTO.fixed


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(3, 7, 10), (1, 8, 8), (4, 1, 1), (12,)], ids=str)
def test_shape_dtype_device_and_range_are_kept(pictures, name, dtype, shape, device):
    images = pictures(4, shape, dtype, low=0, high=1).to(device)
    seen = draw(PRESETS[name], 2)(images)
    assert (seen.shape, seen.dtype, seen.device) == (images.shape, dtype, images.device)
    assert 0 <= seen.min() <= seen.max() <= 1
    assert draw(PRESETS[name], 3).every(images).shape == (3, *images.shape)


@pytest.mark.parametrize("name", ["views", "photo"])
def test_a_draw_is_the_same_for_every_batch_and_picture(pictures, name):
    images = pictures(4, (3, 16, 16), low=0, high=1)
    drawn = draw(PRESETS[name], 3)
    every = drawn.every(images)
    torch.testing.assert_close(drawn.every(images[2:3])[:, 0], every[:, 2], rtol=0, atol=1e-12)
    torch.testing.assert_close(drawn[1:2](images), every[1], rtol=0, atol=1e-12)
    again = PRESETS[name].draw(3, generator_of(0)).every(images)
    assert again.equal(every)
    other = PRESETS[name].draw(3, generator_of(1)).every(images)
    assert (other != every).flatten(2).any(2).all()
    assert (every[0] != every[1]).flatten(1).any(1).all()


def test_a_stage_alone_draws_what_it_draws_among_others():
    one, all_ = draw(PHOTO.only("light")), draw(PHOTO)
    assert one.numbers.equal(all_.numbers)
    assert not PHOTO.only("blur").has("light")
    assert PHOTO.only(*STAGES) == PHOTO


@pytest.mark.parametrize("name", ["views", "photo"])
def test_gradients_are_those_of_the_function(name, pictures):
    images = pictures(2, (1, 4, 5), low=0.4, high=0.6).requires_grad_()
    smooth = PRESETS[name].only(*(s for s in STAGES if s != "jpeg"))
    assert torch.autograd.gradcheck(draw(smooth), (images,), atol=1e-6)


def test_a_quarter_turn_is_a_quarter_turn():
    """The range is 90 degrees either way; numbers at its end turn by all of it, anticlockwise."""
    images = torch.rand(2, 3, 6, 6, generator=generator_of(1), dtype=torch.float64)
    turned = draw(Transformation(rotation=90.0))
    turned.numbers[:] = 0
    torch.testing.assert_close(turned(images), images.rot90(1, (2, 3)))
    turned.numbers[:] = 1
    torch.testing.assert_close(turned(images), images.rot90(-1, (2, 3)))


def test_a_move_by_whole_pixels_is_one():
    images = torch.rand(1, 3, 6, 8, generator=generator_of(1), dtype=torch.float64)
    moved = draw(Transformation(translation=0.25))
    moved.numbers[:] = 1  # a quarter of both sides to the right and down; two columns of eight
    seen = moved(images)
    half = (images[..., :-1, :-2] + images[..., 1:, :-2]) / 2  # 1.5 rows down: between two
    torch.testing.assert_close(seen[..., 2:, 2:], half[..., :4, :])


def test_enlarging_by_two_shows_the_middle():
    ramp = torch.linspace(0, 1, 8, dtype=torch.float64).expand(1, 1, 8, 8)
    near = draw(Transformation(scale_low=2.0, scale_high=2.0))(ramp)
    slope = near.diff(dim=-1)
    torch.testing.assert_close(slope, torch.full_like(slope, 0.5 / 7))
    torch.testing.assert_close(near.mean(), ramp.mean())


def test_every_corner_moves_at_most_as_far_as_allowed():
    matrices = draw(Transformation(perspective=0.1), 200).matrices(30, 50)
    inverse = torch.linalg.inv(matrices)
    corner = inverse @ torch.tensor([-1.0, -1.0, 1.0], dtype=torch.float64)
    moved = corner[:, :2] / corner[:, 2:] + 1
    assert 0.15 < moved.abs().max() <= 0.2 + 1e-9  # a share of 0.1 of a side is 0.2 here


def test_blur_and_geometry_leave_what_is_flat_and_blur_keeps_the_mean_inside():
    for one in (PHOTO.only("geometry", "blur"), VIEWS.only("geometry")):
        torch.testing.assert_close(draw(one, 2)(FLAT), FLAT)
    spot = torch.zeros(1, 1, 31, 31, dtype=torch.float64)
    spot[..., 15, 15] = 1
    seen = draw(Transformation(blur_low=2.0, blur_high=2.0))(spot)
    place = torch.arange(31, dtype=torch.float64) - 15
    across = seen.sum((0, 1, 2))
    assert seen.sum().item() == pytest.approx(1)
    assert (across * place.square()).sum().item() == pytest.approx(4, rel=1e-3)  # its variance


def test_light_is_contrast_about_grey_then_brightness_then_gamma():
    lit = draw(Transformation(brightness=0.1, contrast=0.5, gamma=1.0))
    lit.numbers[:] = 1
    torch.testing.assert_close(lit(FLAT), torch.full_like(FLAT, (0.5 - 0.25 * 1.5 + 0.1) ** 2))
    lit.numbers[:] = 0.5
    torch.testing.assert_close(lit(FLAT), FLAT)


def test_noise_has_the_deviation_asked_for_and_a_field_for_each_draw():
    noisy = draw(Transformation(noise_low=0.02, noise_high=0.02), 2)
    images = torch.full((4, 3, 64, 64), 0.5, dtype=torch.float64)
    change = noisy(images) - images
    assert change.std().item() == pytest.approx(0.02, rel=0.03)
    assert change[0].equal(change[1])
    assert not change[0].equal(change[2])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"blur_low": 1.0}, "blur_low must not be above blur_high; got 1 and 0"),
        ({"rotation": -1}, "rotation"),
        ({"scale_low": 0.0}, "scale_low"),
        ({"noise_high": float("nan")}, "noise_high"),
    ],
)
def test_ranges_that_cannot_be_meant_are_refused(fields, said):
    with pytest.raises(ValueError, match=said):
        Transformation(**fields)


def test_wrong_calls_are_refused():
    with pytest.raises(ValueError, match="stages must be among geometry"):
        PHOTO.only("colour")
    with pytest.raises(ValueError, match="n must be a whole number"):
        PHOTO.draw(0, generator_of(0))
    with pytest.raises(ValueError, match="images must be a multiple of the 3 draws; got 2"):
        draw(PHOTO, 3)(FLAT)
