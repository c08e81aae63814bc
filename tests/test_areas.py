"""Areas: the same part of a picture at every size, read back from their own words."""

import numpy as np
import pytest

from robust_core.areas import PRESETS, Area

SIZES = [(8, 8), (32, 32), (128, 128), (224, 224)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("name", "share"), [("centre", 1 / 4), ("left-half", 1 / 2), ("border", 7 / 16), ("disc", 0.2)]
)
def test_a_preset_takes_its_share_of_every_size(name, size, share):
    mask = Area.read(name).mask(*size)
    assert (mask.dtype, mask.shape) == (bool, size)
    assert mask.mean() == pytest.approx(share, abs=0.06 if name == "disc" else 0)
    assert (mask == mask[::-1]).all()


def test_pixels_are_pixels():
    mask = Area.read("3,1,2,4").mask(8, 10)
    expected = np.zeros((8, 10), dtype=bool)
    expected[1:5, 3:5] = True
    assert (mask == expected).all()


def test_shares_are_of_either_side():
    mask = Area.read("50%,0%,50%,25%").mask(8, 20)
    expected = np.zeros((8, 20), dtype=bool)
    expected[:2, 10:] = True
    assert (mask == expected).all()


def test_what_reaches_beyond_the_picture_is_cut_off():
    assert Area.read("6,6,100,100").mask(8, 8).sum() == 4


def test_several_rectangles_are_united():
    assert Area.read("0,0,2,2; 1,1,2,2").mask(4, 4).sum() == 7


@pytest.mark.parametrize("text", [*PRESETS, "3,1,2,4", "12.5%,0%,50%,25%", "0,0,1,1;2%,2%,30%,30%"])
def test_its_words_give_it_back(text):
    assert str(Area.read(text)) == text
    assert Area.read(str(Area.read(text))) == Area.read(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1,2,3",
        "1,2,3,4,5",
        "a,b,c,d",
        "1,2,nan,4",
        "1,2,inf,4",
        "1%,2,3,4",
        "circle",
        "1,2,3,4;",
    ],
)
def test_other_words_are_refused(text):
    with pytest.raises(ValueError, match="a rectangle must be x,y,w,h"):
        Area.read(text)


@pytest.mark.parametrize("text", ["0,0,0,4", "0,0,4,-1", "-1,0,4,4"])
def test_a_rectangle_without_a_size_or_before_the_picture_is_refused(text):
    with pytest.raises(ValueError, match="must begin at 0 or later and have a size"):
        Area.read(text)


@pytest.mark.parametrize("text", ["8,0,4,4", "1%,1%,1%,1%"])
def test_an_area_without_a_pixel_is_refused(text):
    with pytest.raises(ValueError, match=f"the area {text} holds no pixel of a picture of 8 x 8"):
        Area.read(text).mask(8, 8)
