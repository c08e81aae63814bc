"""Signs: shapes and colours after the convention, at any size."""

import pytest
import torch

from robust_core.data import signs


@pytest.mark.parametrize("name", signs.names())
@pytest.mark.parametrize("side", [32, 65])
def test_every_sign_fills_its_frame_and_nothing_beyond(name, side):
    picture, outline = signs.draw(name, side)
    assert picture.shape == (1, 3, side, side)
    assert outline.shape == (1, 1, side, side)
    assert picture.dtype == outline.dtype == torch.float32
    for x in (picture, outline):
        assert 0 <= x.min() <= x.max() <= 1
    assert outline[0, 0, 0, 0] == 0, "no sign is a square"
    rows, columns = (outline.amax(axis).flatten() > 0.5 for axis in (3, 2))
    assert columns.sum() > 0.9 * side
    assert rows.sum() > 0.75 * side
    again = signs.draw(name, side)
    assert again[0].equal(picture)


def colour_at(name, across, down):
    picture, _ = signs.draw(name, 128)
    return picture[0, :, int((down + 1) * 64), int((across + 1) * 64)]


@pytest.mark.parametrize(
    ("name", "place", "leading"),
    [
        ("stop", (0, -0.6), 0),
        ("no-entry", (0, 0.5), 0),
        ("speed-50", (0.87, 0), 0),
        ("ahead-only", (0.6, 0.4), 2),
    ],
)
def test_red_and_blue_are_where_they_belong(name, place, leading):
    colour = colour_at(name, *place)
    others = [colour[c] for c in range(3) if c != leading]
    assert colour[leading] > max(others) + 0.25


def test_yellow_and_white():
    yellow = colour_at("priority-road", 0, 0)
    assert min(yellow[0], yellow[1]) > 0.7 > 0.3 > yellow[2]
    assert colour_at("no-entry", 0, 0).min() > 0.9


def test_speed_limits_differ_in_their_digits_alone():
    pictures = [signs.draw(name, 64) for name in signs.names() if name.startswith("speed-")]
    assert len(pictures) == 8
    for i, (a, outline) in enumerate(pictures):
        for b, other in pictures[:i]:
            assert outline.equal(other)
            changed = (a - b).abs().amax(1) > 0.1
            assert 0.01 < changed.float().mean() < 0.3
            assert not changed[0, :12].any()


def test_classes_of_gtsrb_are_different_and_exist():
    numbers = [sign.gtsrb for sign in signs.SIGNS]
    assert len(set(numbers)) == len(numbers)
    assert set(numbers) <= set(range(43))
    assert signs.get("stop").gtsrb == 14


def test_what_does_not_exist_is_named():
    with pytest.raises(ValueError, match="sign must be one of stop, yield"):
        signs.draw("halt")
    for side in (4, 5000, 12.5):
        with pytest.raises(
            ValueError, match="side must be a whole number of pixels from 8 to 1024"
        ):
            signs.draw("stop", side)
