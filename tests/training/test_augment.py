"""Shifts and mirror images."""

import torch

from robust_core.training.augment import augment


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
