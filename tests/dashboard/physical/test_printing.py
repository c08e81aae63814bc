"""The part Print it: files that say their own size, exactly."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from robust_core import zoo
from robust_core.dashboard.physical.printing import INCH, caption_of, file, on_paper, sheet

PIXELS = np.arange(7 * 7 * 3, dtype=np.uint8).reshape(7, 7, 3)


@pytest.mark.parametrize("centimetres", [2.0, 7.5, 18.0])
def test_the_sticker_has_its_size_on_paper_and_every_pixel_is_there(centimetres):
    made = sheet(PIXELS, centimetres, "A sticker.")
    left, upper, right, lower = made.sticker
    assert (right - left) / made.dpi * INCH == pytest.approx(centimetres)
    assert (lower - upper) / made.dpi * INCH == pytest.approx(centimetres)
    factor = (right - left) // 7
    printed = np.asarray(made.image)[upper:lower:factor, left:right:factor]
    assert (printed == PIXELS).all()
    with Image.open(io.BytesIO(file(made, "PNG"))) as png:
        across = png.info["dpi"][0]
    assert (right - left) / across * INCH == pytest.approx(centimetres, rel=1e-4)
    box = re.search(rb"/MediaBox \[([^\]]+)\]", file(made, "PDF"))
    width, height = map(float, box[1].split()[2:])
    assert width / 72 * made.dpi == pytest.approx(made.image.width, rel=1e-6)
    assert height / 72 * made.dpi == pytest.approx(made.image.height, rel=1e-6)


def test_a_thin_frame_is_around_it_and_nothing_else_but_the_caption():
    plain, told = sheet(PIXELS, 5, ""), sheet(PIXELS, 5, "Made for a test. " * 4)
    left, upper, right, lower = plain.sticker
    pixels = np.asarray(plain.image)
    assert (pixels[upper - 1, left:right] == 0).all()
    assert (pixels[upper - 10, :] == 255).all()
    assert (pixels[lower + 10 :] == 255).all()
    below = np.asarray(told.image)[lower + 10 :]
    assert (below < 255).any()
    assert (below[:, :3] == 255).all()
    assert (below[:, -3:] == 255).all()
    assert (below[-3:] == 255).all()


@pytest.mark.parametrize("name", [n for n in zoo.universals() if n.endswith("patch")])
def test_bundled_stickers_are_printed_round_with_what_they_are(name):
    universal = zoo.load_universal(name)
    pixels = on_paper(universal)
    assert pixels.dtype == np.uint8
    assert pixels.shape[0] == pixels.shape[1] == universal.side
    if universal.record["shape"] == "round":
        assert (pixels[0, 0] == 255).all()
    told = caption_of(name, universal, 8)
    target = universal.record["goal_parameters"]["target"]
    assert zoo.describe(universal.record["model"]).class_names[target] in told
    assert "8 cm" in told


def test_what_cannot_be_printed_is_a_sentence():
    with pytest.raises(ValueError, match="square; got 3 x 4"):
        sheet(np.zeros((4, 3, 3), np.uint8), 5, "")
    with pytest.raises(ValueError, match="above 0"):
        sheet(PIXELS, 0, "")
