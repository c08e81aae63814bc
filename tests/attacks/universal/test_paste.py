"""Pasting: exact where nothing is resampled, differentiable where something is, bit-identical outside."""

import math

import pytest
import torch

from robust_core.attacks.universal import paste as pasting
from robust_core.attacks.universal.paste import SHAPES, Placement


def placed(n=1, row=8.0, column=8.0, zoom=1.0, angle=0.0) -> Placement:
    return Placement(
        *(torch.full((n,), v, dtype=torch.float64) for v in (row, column, zoom, angle))
    )


@pytest.fixture
def patch(pictures):
    return pictures(1, (3, 6, 6), low=0, high=1, seed=5)


@pytest.mark.parametrize("shape", SHAPES)
def test_at_whole_pixels_the_grid_gives_the_very_patch(shape, patch, pictures):
    images, mask = pictures(3, (3, 16, 14)), pasting.native_mask(6, shape, patch)
    by_grid = pasting.paste(images, patch, mask, placed(3, 7, 8).grid(6, (16, 14), images))
    exact = pasting.paste_exactly(images, patch, mask, 4, 5)
    torch.testing.assert_close(by_grid, exact, rtol=0, atol=1e-12)
    assert exact[:, :, 4:10, 5:11].equal(torch.where(mask > 0, patch, images[:, :, 4:10, 5:11]))
    outside = torch.ones(16, 14, dtype=torch.bool)
    outside[4:10, 5:11] = False
    assert exact[..., outside].equal(images[..., outside])


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_quarter_turn_is_anticlockwise_and_exact(quarters, patch, pictures):
    images, mask = pictures(1, (3, 16, 16)), pasting.native_mask(6, "square", patch)
    turned = pasting.paste(
        images, patch, mask, placed(angle=90.0 * quarters).grid(6, (16, 16), images)
    )
    expected = pasting.paste_exactly(images, torch.rot90(patch, quarters, (2, 3)), mask, 5, 5)
    torch.testing.assert_close(turned, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("angle", [0.0, 33.0, -120.0])
def test_outside_the_mask_pictures_are_bit_identical(shape, angle, patch, pictures):
    for dtype in (torch.float32, torch.float64):
        images, own = pictures(4, (3, 16, 16), dtype, low=0, high=1), patch.to(dtype)
        mask = pasting.native_mask(6, shape, own)
        grid = placed(4, 6.3, 9.1, 1.7, angle).grid(6, (16, 16), images)
        cover = pasting.sample(own, mask, grid)[1].expand_as(images)
        changed = pasting.paste(images, own, mask, grid)
        assert changed[cover == 0].equal(images[cover == 0])
        assert 0 <= changed.min() <= changed.max() <= 1
        full = cover > 1 - 1e-6
        assert (changed[full] != images[full]).all()


def test_the_gradient_is_that_of_finite_differences(patch, pictures):
    images, mask = pictures(2, (3, 16, 16)), pasting.native_mask(6, "round", patch)
    grid = Placement(
        *(
            torch.tensor(v, dtype=torch.float64)
            for v in ([6.2, 9], [7.9, 10], [0.8, 1.6], [20, -47])
        )
    ).grid(6, (16, 16), images)
    weights = pictures(2, (3, 16, 16), low=-1, high=1, seed=3)
    inner = 0.2 + 0.6 * patch  # away from the clamp

    def value(p):
        return (weights * pasting.paste(images, p, mask, grid)).sum()

    p = inner.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(value(p), p)
    assert torch.autograd.gradcheck(value, (p,))
    assert not gradient[~mask.bool().expand_as(gradient)].any(), "only where the mask is"
    assert (gradient[mask.bool().expand_as(gradient)] != 0).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_mask_covers_the_share_of_the_area_that_was_asked_for(shape, patch):
    mask = pasting.native_mask(6, shape, patch)
    for area in (0.05, 0.2, 0.4):
        zoom = math.sqrt(area / pasting.share(6, shape, (40, 40)))
        for angle in (0.0, 30.0):
            grid = placed(1, 20, 20, zoom, angle).grid(6, (40, 40), patch)
            covered = pasting.sample(patch, mask, grid)[1].mean().item()
            assert covered == pytest.approx(area, rel=0.03)


def test_the_native_side_is_the_nearest():
    assert pasting.native_side(0.1, "square", (32, 32)) == 10
    assert pasting.share(10, "square", (32, 32)) == 100 / 1024
    for shape in SHAPES:
        for scale in (0.001, 0.05, 0.3, 0.6):
            side = pasting.native_side(scale, shape, (32, 24))
            best = min(range(1, 25), key=lambda s: abs(pasting.share(s, shape, (32, 24)) - scale))
            assert side == best


def test_a_round_patch_is_a_disc():
    mask = pasting.native_mask(101, "round")[0, 0]
    assert mask.sum().item() == pytest.approx(math.pi * 50.5**2, rel=0.01)
    assert mask.equal(mask.T)
    assert mask.equal(mask.flip(0))
    assert mask[0, 50] == 1
    assert mask[0, 0] == 0


def test_the_rim_cuts_what_is_beyond(patch, pictures):
    images, mask = pictures(1, (3, 16, 16)), pasting.native_mask(6, "square", patch)
    corner = pasting.paste_exactly(images, patch, mask, -2, 13)
    assert corner[..., :4, 13:].equal(patch[..., 2:, :3])
    assert corner[..., 4:, :].equal(images[..., 4:, :])
    assert pasting.paste_exactly(images, patch, mask, -7, 0).equal(images)
    by_grid = pasting.paste(images, patch, mask, placed(1, 1, 16).grid(6, (16, 16), images))
    torch.testing.assert_close(by_grid, corner, rtol=0, atol=1e-12)


def test_the_nearest_whole_pixel():
    assert [
        pasting.whole(8, 6),
        pasting.whole(8.4, 6),
        pasting.whole(8.6, 6),
        pasting.whole(8, 5),
    ] == [5, 5, 6, 6]
