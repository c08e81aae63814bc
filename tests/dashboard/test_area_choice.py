"""Areas between words, boxes of pixels and masks, at every size of the models' pictures."""

import numpy as np
import pytest

from robust_core.areas import PRESETS, Area
from robust_core.dashboard.area_choice import ANYWHERE, KINDS, OWN, boxes_of, in_words, words_of
from robust_core.dashboard.components.painter import Box, enlarged, snapped
from robust_core.dashboard.style import NATIVE_SIDES


@pytest.mark.parametrize("side", NATIVE_SIDES)
def test_boxes_come_back_from_their_words_and_mean_their_pixels(side):
    rng = np.random.default_rng(side)
    for _ in range(50):
        x, y = (int(v) for v in rng.integers(0, side, 2))
        box = Box(x, y, int(rng.integers(1, side - x + 1)), int(rng.integers(1, side - y + 1)))
        area = Area.read(words_of([box], side, side))
        assert boxes_of(area, side, side) == [box]
        mask = np.zeros((side, side), bool)
        mask[y : y + box.h, x : x + box.w] = True
        assert (area.mask(side, side) == mask).all()


@pytest.mark.parametrize(("height", "width"), [(32, 32), (96, 160)])
def test_boxes_cover_what_a_preset_covers(height, width):
    for name, shapes in PRESETS.items():
        boxes = boxes_of(Area(shapes), height, width)
        assert (boxes == []) is (name == "disc")
        if boxes:
            same = Area.read(words_of(boxes, height, width)).mask(height, width)
            assert (same == Area(shapes).mask(height, width)).all()


def test_what_lies_outside_is_cut_off():
    assert boxes_of(Area.read("28,30,50,50"), 32, 32) == [Box(28, 30, 4, 2)]
    assert boxes_of(Area.read("90%,90%,0.1%,0.1%"), 8, 8) == [Box(7, 7, 1, 1)]
    assert boxes_of(None, 8, 8) == []
    assert words_of([], 8, 8) == ANYWHERE


@pytest.mark.parametrize("factor", [1, 2, 8, 32])
def test_what_is_drawn_snaps_to_pixels(factor):
    box = Box(1, 2, 3, 4)
    drawn = enlarged(box, factor)
    assert snapped(drawn, factor, 8, 8) == box
    jitter = 0.4 * factor
    shaken = drawn | {"left": drawn["left"] + jitter, "top": drawn["top"] - jitter}
    assert snapped(shaken, factor, 8, 8) == box
    click = {"left": 7.9 * factor, "top": -5.0, "width": 0.0, "height": 0.0}
    assert snapped(click, factor, 8, 8) == Box(7, 0, 1, 1)
    beyond = {"left": -9.0, "top": -9.0, "width": 1e6, "height": 1e6}
    assert snapped(beyond, factor, 8, 8) == Box(0, 0, 8, 8)


def test_every_preset_is_offered_in_words():
    assert set(KINDS) == {ANYWHERE, OWN, *PRESETS}
    assert in_words("centre") == "in the centre"
    assert in_words("8,8,16,16") == "in 8,8,16,16"
