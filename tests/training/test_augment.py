"""Shifts and mirror images."""

import pytest
import torch

from robust_core.training.augment import SHAPES, augment, crops


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


IMAGES = torch.rand(64, 3, 9, 7, generator=generator(1)) + 0.1


def shifted(picture: torch.Tensor, down: int, right: int) -> torch.Tensor:
    """The picture moved, with zeros where nothing came from."""
    height, width = picture.shape[1:]
    moved = torch.zeros_like(picture)
    rows = slice(max(0, down), min(height, height + down))
    columns = slice(max(0, right), min(width, width + right))
    moved[:, rows, columns] = picture[
        :, rows.start - down : rows.stop - down, columns.start - right : columns.stop - right
    ]
    return moved


def test_each_picture_is_one_of_the_allowed_shifts():
    found = set()
    for picture, result in zip(IMAGES, augment(IMAGES, 1, False, generator()), strict=True):
        (shift,) = (
            (down, right)
            for down in (-1, 0, 1)
            for right in (-1, 0, 1)
            if torch.equal(shifted(picture, down, right), result)
        )
        found.add(shift)
    assert len(found) == 9  # all of them occur among 64


def test_a_mirror_image_or_the_picture_itself():
    result = augment(IMAGES, 0, True, generator())
    mirrored = (result == IMAGES.flip(3)).flatten(1).all(1)
    same = (result == IMAGES).flatten(1).all(1)
    assert bool((mirrored ^ same).all())
    assert 16 < mirrored.sum() < 48


def test_nothing_asked_nothing_changed():
    assert torch.equal(augment(IMAGES, 0, False, generator()), IMAGES)


def test_only_the_generator_decides():
    torch.manual_seed(0)
    first = augment(IMAGES, 2, True, generator(5))
    torch.manual_seed(1)
    assert torch.equal(first, augment(IMAGES, 2, True, generator(5)))
    assert not torch.equal(first, augment(IMAGES, 2, True, generator(6)))


def test_the_batch_itself_is_untouched():
    before = IMAGES.clone()
    augment(IMAGES, 2, True, generator())
    assert torch.equal(before, IMAGES)


def where(height: int, width: int, n: int) -> torch.Tensor:
    """Pictures whose two channels say how far right and how far down a pixel's middle is, from 0 to 1."""
    x = (torch.arange(width) + 0.5) / width
    y = (torch.arange(height) + 0.5) / height
    one = torch.stack([x.expand(height, width), y.unsqueeze(1).expand(height, width)])
    return one.expand(n, -1, -1, -1).contiguous()


@pytest.mark.parametrize("shares", [(0.35, 1.0), (0.1, 0.2)])
def test_a_crop_is_a_part_of_the_picture_of_the_wanted_share_and_shape(shares):
    side = 16
    cut = crops(where(40, 40, 200), side, shares, generator())
    assert cut.shape == (200, 2, side, side)
    middle = slice(side // 4, 3 * side // 4)  # at the border of a picture its last pixel goes on
    steps = cut.diff(dim=3)[:, 0, :, middle], cut.diff(dim=2)[:, 1, middle]
    wide, high = (step.mean(dim=(1, 2)) * side for step in steps)
    left = cut[:, 0, :, side // 2].mean(1) - wide * (0.5 + 0.5 / side)
    top = cut[:, 1, side // 2].mean(1) - high * (0.5 + 0.5 / side)
    for start, size in ((left, wide), (top, high)):
        assert (start > -1e-4).all()
        assert (start + size < 1 + 1e-4).all()
        assert start.std() > 0.02
    share = wide * high
    assert (share < shares[1] + 1e-4).all()
    assert share.std() > 0.02
    inside = (wide < 0.999) & (high < 0.999)  # what would be wider than the picture is cut
    assert inside.any()
    assert (share[inside] > shares[0] - 1e-4).all()
    shape = (wide / high)[inside]
    assert (shape > SHAPES[0] - 1e-3).all()
    assert (shape < SHAPES[1] + 1e-3).all()


def test_the_generator_alone_decides_a_crop():
    pictures = torch.rand(5, 3, 20, 20, generator=generator(2))
    torch.manual_seed(1)
    first = crops(pictures, 12, (0.3, 1.0), generator(4))
    torch.manual_seed(2)
    assert torch.equal(first, crops(pictures, 12, (0.3, 1.0), generator(4)))
    assert not torch.equal(first, crops(pictures, 12, (0.3, 1.0), generator(5)))
    assert first.min() >= pictures.min()
    assert first.max() <= pictures.max()
