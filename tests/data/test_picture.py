import dataclasses

import numpy as np
import pytest

from robust_core.data.picture import Picture


def pixels(height=4, width=6):
    return np.arange(height * width * 3, dtype=np.uint8).reshape(height, width, 3)


def test_pixels_are_an_own_read_only_copy():
    source = pixels()
    picture = Picture.of(source)
    source[:] = 0
    assert np.array_equal(picture.pixels, pixels())
    with pytest.raises(ValueError, match="read-only"):
        picture.pixels[0, 0, 0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        picture.title = "other"


def test_hash_depends_on_every_pixel_and_on_the_shape():
    base = Picture.of(pixels())
    changed = pixels()
    changed[-1, -1, -1] ^= 1
    turned = pixels().reshape(6, 4, 3)
    assert len({base.sha256, Picture.of(changed).sha256, Picture.of(turned).sha256}) == 3


def test_hash_does_not_depend_on_memory_layout_title_or_notes():
    view = np.asfortranarray(pixels())
    other = Picture.of(view, ("Shrunk.",), "cat")
    assert other.sha256 == Picture.of(pixels()).sha256
    assert (other.title, other.notes) == ("cat", ("Shrunk.",))


def test_width_and_height():
    assert (Picture.of(pixels(4, 6)).width, Picture.of(pixels(4, 6)).height) == (6, 4)


@pytest.mark.parametrize(
    "bad",
    [
        pixels().astype(np.float32),
        pixels()[:, :, 0],
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_other_arrays_are_refused(bad):
    with pytest.raises(ValueError, match="uint8"):
        Picture.of(bad)
