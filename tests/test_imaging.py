"""Pictures for eyes and files: no pixel is invented, every factor is exact, PNG loses nothing."""

import io
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image

from robust_core.imaging import (
    GREY,
    STRENGTH,
    TINTS,
    amplification,
    data_url,
    enlarge,
    overlay,
    png,
    show_change,
)

random = np.random.default_rng(0)
SHAPES = [(8, 8, 1), (32, 32, 3), (5, 12, 3), (256, 256, 3), (300, 200, 3), (1, 1, 3)]


def noise(shape: tuple[int, ...]) -> np.ndarray:
    return random.integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("shape", SHAPES)
def test_each_pixel_becomes_a_block_of_itself(shape):
    pixels = noise(shape)
    shown = enlarge(pixels, 256)
    factor = shown.shape[0] // shape[0]
    assert shown.shape == (factor * shape[0], factor * shape[1], shape[2])
    blocks = shown.reshape(shape[0], factor, shape[1], factor, shape[2])
    assert (blocks == pixels[:, None, :, None]).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_enlargement_is_the_largest_that_fits(shape):
    pixels = noise(shape)
    factor = enlarge(pixels, 256).shape[0] // shape[0]
    longest = max(shape[:2])
    assert factor == 1 if longest > 256 else factor * longest <= 256 < (factor + 1) * longest


@pytest.mark.parametrize("largest", [0.01, 0.1, 0.15, 0.5, 0.7, 1.0, 8 / 255, 1e-5, 0.0004321])
def test_the_factor_fills_the_range_and_is_stated_exactly(largest):
    factor = amplification(largest)
    assert 0.45 <= factor * largest <= 0.5 * (1 + 1e-4)
    assert float(f"{factor:g}") == factor, "the caption would state another factor"


def test_a_hair_over_eps_does_not_change_the_factor():
    assert amplification(float(np.float32(0.01))) == amplification(0.01) == 50
    assert amplification(0.1 + 3e-8) == amplification(0.1) == 5


def test_no_change_is_shown_as_grey_without_amplification():
    assert amplification(0.0) == 1
    assert (show_change(np.zeros((4, 4, 3)), 50.0) == GREY).all()


@pytest.mark.parametrize("eps", [0.01, 0.15, 0.7])
def test_the_shown_change_can_be_read_back(eps):
    delta = random.uniform(-eps, eps, (16, 16, 3))
    factor = amplification(np.abs(delta).max())
    read = (show_change(delta, factor).astype(float) - GREY) / (255 * factor)
    one_level = 1 / (255 * factor)
    assert np.abs(read - delta).max() <= 0.51 * one_level
    clear = np.abs(delta) > one_level
    assert (np.sign(read) == np.sign(delta))[clear].all()


@pytest.mark.parametrize("shape", SHAPES)
def test_an_overlay_is_grey_where_there_is_no_weight_and_yellow_where_it_is_highest(shape):
    pixels = noise(shape)
    nothing = overlay(pixels, np.zeros((3, 3)))
    grey = np.rint(pixels.mean(axis=2, keepdims=True)).astype(np.uint8)
    assert nothing.shape == (*shape[:2], 3)
    assert (nothing == grey).all()
    height, width = shape[:2]
    weights = np.zeros(shape[:2])
    weights[0, 0] = 5.0
    tinted = overlay(pixels, weights).astype(float)
    yellow = (1 - STRENGTH) * pixels[0, 0].mean() + STRENGTH * TINTS[1]
    assert np.abs(tinted[0, 0] - yellow).max() <= 0.5
    if height * width > 1:
        assert (tinted[-1, -1] == grey[-1, -1]).all()


def test_a_data_url_is_the_whole_png():
    pixels = noise((5, 12, 3))
    with urlopen(data_url(pixels)) as answer:
        assert answer.headers.get_content_type() == "image/png"
        assert answer.read() == png(pixels)


@pytest.mark.parametrize("shape", SHAPES)
def test_png_gives_every_pixel_back(shape):
    pixels = noise(shape)
    with Image.open(io.BytesIO(png(pixels))) as image:
        assert image.format == "PNG"
        assert image.mode == ("L" if shape[2] == 1 else "RGB")
        assert not image.info, "a PNG that leaves the page carries no metadata"
        assert (np.asarray(image).reshape(shape) == pixels).all()
