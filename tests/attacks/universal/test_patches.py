"""PatchUniversal: a patch pasted anywhere, at any size and angle."""

import pytest
import torch

from robust_core.attacks.universal.patches import PatchUniversal


@pytest.fixture
def patch(pictures):
    pixels = pictures(1, (3, 6, 6), torch.float32, low=0, high=1, seed=2)
    return PatchUniversal(pixels, {"size": [3, 20, 16], "shape": "square"})


@pytest.fixture
def images(pictures):
    return pictures(3, (3, 20, 16), torch.float32, low=0, high=1)


def test_at_its_own_size_it_keeps_its_very_values(patch, images):
    shown = patch.apply(images)
    assert shown[..., 7:13, 5:11].equal(patch.delta.expand(3, 3, 6, 6))
    assert shown.equal(patch.apply(images, at=(0.5, 0.5), scale=patch.scale, angle=0))
    assert shown.equal(patch.apply(images, angle=360))
    assert shown.equal(patch.apply(images, torch.zeros(3).long())), "labels are not read"
    assert shown.data_ptr() != images.data_ptr()


def test_places_are_shares_of_height_and_width(patch, images):
    shown = patch.apply(images, at=(3 / 20, 13 / 16))
    assert shown[..., :6, 10:].equal(patch.delta.expand(3, 3, 6, 6))
    assert patch.apply(images, at=(0, 0))[..., :3, :3].equal(
        patch.delta[..., 3:, 3:].expand(3, 3, 3, 3)
    )


def test_scale_is_a_share_of_the_area(patch, images):
    for area in (0.05, 0.25, 0.5):
        changed = (patch.apply(images, scale=area) != images).any(1).double().mean().item()
        rim = 4 * (area * 320) ** 0.5 / 320  # pixels that are covered in part
        assert area - 1e-9 <= changed <= area + rim


def test_a_turn_and_its_opposite_are_mirror_images(patch, images):
    """Mirrored picture and patch: the other direction."""
    mirrored = PatchUniversal(patch.delta.flip(3), patch.record)
    left = patch.apply(images, angle=30)
    right = mirrored.apply(images.flip(3), angle=-30).flip(3)
    torch.testing.assert_close(left, right)
    assert not left.equal(patch.apply(images, angle=-30))


def test_pictures_of_another_size_are_covered_by_the_same_share(patch, pictures):
    large = pictures(2, (3, 40, 32), torch.float32, low=0, high=1)
    changed = patch.apply(large) != large
    rows, columns = (changed.any(axis)[0].any(0) for axis in (3, 2))
    wide = 12  # as many pixels as before, twice as fine; one more where they are covered in part
    assert all(wide <= int(line.sum()) <= wide + 2 for line in (rows, columns))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_dtypes_stay_what_they_are(dtype, patch, images):
    given = images.to(dtype)
    for options in ({}, {"angle": 20.0, "scale": 0.2}):
        shown = patch.apply(given, **options)
        assert shown.dtype == dtype
        assert shown[..., 0, :].equal(given[..., 0, :])
        assert 0 <= shown.min() <= shown.max() <= 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"at": 0.5}, r"^at must be \(row, column\)"),
        ({"at": (0.5, 1.5)}, "two shares from 0 to 1"),
        ({"at": (0.5, float("nan"))}, "two shares from 0 to 1"),
        ({"at": (1, 2, 3)}, "two shares from 0 to 1"),
        ({"scale": 0}, "^scale must be a number above 0, at most 1; got 0"),
        ({"scale": 1.5}, "^scale must be a number above 0, at most 1"),
        ({"scale": "big"}, "^scale must be a number"),
        ({"scale": float("nan")}, "^scale must be a number"),
        ({"angle": float("inf")}, "^angle must be a number from -3600 to 3600"),
        ({"angle": True}, "^angle must be a number"),
    ],
)
def test_a_place_that_cannot_be_meant_is_refused(options, said, patch, images):
    with pytest.raises(ValueError, match=said):
        patch.apply(images, **options)


def test_pictures_that_do_not_fit_are_refused(patch, images):
    with pytest.raises(ValueError, match=r"images must be \[N, 3, H, W\], as the patch"):
        patch.apply(images[:, :1])
    with pytest.raises(ValueError, match=r"images must be in \[0, 1\]"):
        patch.apply(images * 255)


@pytest.mark.parametrize(
    ("pixels", "record", "said"),
    [
        (torch.rand(1, 3, 6, 5), {}, r"\[1, C, S, S\]"),
        (torch.rand(1, 3, 6, 6) + 1, {}, r"must be in \[0, 1\]"),
        (torch.rand(1, 3, 6, 6), {"shape": "star"}, "shape must be round or square"),
        (torch.rand(1, 3, 6, 6), {"size": [3, 5, 16]}, "size must be"),
        (torch.rand(1, 3, 6, 6), {"size": [1, 20, 16]}, "size must be"),
        (torch.rand(1, 3, 6, 6), {"size": "large"}, "size must be"),
        (torch.rand(2, 3, 6, 6), {}, r"\[1, C, H, W\]"),
    ],
)
def test_a_patch_that_cannot_be_one_is_refused(pixels, record, said):
    with pytest.raises(ValueError, match=said):
        PatchUniversal(pixels, {"size": [3, 20, 16], "shape": "square"} | record)
