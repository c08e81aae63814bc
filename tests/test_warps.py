"""Warps: points go where the homography sends them, and pixels come from there."""

import pytest
import torch

from robust_core.warps import CORNERS, grid, homography, warp

SQUARE = torch.tensor(CORNERS, dtype=torch.float64)


def test_a_homography_takes_the_four_points_to_the_four_points():
    generator = torch.Generator().manual_seed(0)
    moved = SQUARE + 0.3 * torch.rand(5, 4, 2, generator=generator, dtype=torch.float64)
    matrices = homography(SQUARE.expand(5, 4, 2), moved)
    ends = torch.cat([SQUARE, torch.ones(4, 1)], 1) @ matrices.mT
    torch.testing.assert_close(ends[..., :2] / ends[..., 2:], moved)
    torch.testing.assert_close(homography(moved, moved), torch.eye(3).double().expand(5, 3, 3))


@pytest.mark.parametrize("shape", [(2, 3, 5, 8), (1, 1, 1, 1)], ids=str)
def test_the_identity_looks_at_every_pixel_itself(pictures, shape):
    images = pictures(shape[0], shape[1:], low=0, high=1)
    still = torch.eye(3).expand(shape[0], 3, 3)
    torch.testing.assert_close(warp(images, still), images)
    assert warp(images.float(), still).dtype == torch.float32


def test_a_mirror_is_one_and_the_size_can_be_another(pictures):
    images = pictures(1, (3, 6, 8))
    mirror = torch.diag(torch.tensor([-1.0, 1.0, 1.0])).unsqueeze(0)
    torch.testing.assert_close(warp(images, mirror), images.flip(3))
    assert warp(images, mirror, (4, 5)).shape == (1, 3, 4, 5)


def test_beyond_the_edge_is_the_edge_or_nothing():
    images = torch.full((1, 1, 4, 4), 0.5)
    away = torch.tensor([[[1.0, 0, 5], [0, 1, 0], [0, 0, 1]]])
    assert warp(images, away).unique().tolist() == [0.5]
    assert warp(images, away, beyond="zeros").unique().tolist() == [0.0]


def test_what_is_behind_the_eye_is_not_seen():
    """Depth falls from left to right, and is negative in the right half."""
    behind = torch.tensor([[[1.0, 0, 0], [0, 1, 0], [-1, 0, 0]]])
    places = grid(behind, (2, 4), torch.zeros(1))
    assert (places[..., 2:, :] == 10).all()
    assert (places[..., :2, :].abs() < 10).all()
