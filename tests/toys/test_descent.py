"""One curve: down, up, and on stairs nobody moves."""

import math
from itertools import pairwise

import pytest

from robust_core.toys import descent
from robust_core.toys.descent import RATE, STEPS, flat, slope, smooth, stairs, walk


def test_the_slope_is_the_derivative_of_the_curve():
    for t in (-3, -1.2, 0, 0.55, 2.9):
        assert slope(t) == pytest.approx((smooth(t + 1e-6) - smooth(t - 1e-6)) / 2e-6, abs=1e-6)


@pytest.mark.parametrize(("up", "better"), [(False, -1), (True, 1)])
def test_descent_goes_down_and_ascent_up_to_where_the_slope_ends(up, better):
    path = walk(slope, descent.START, RATE, STEPS, up=up)
    assert all(better * (smooth(b) - smooth(a)) > 0 for a, b in pairwise(path))
    assert abs(slope(path[-1])) < 0.01
    assert descent.ENDS[0] < path[-1] < descent.ENDS[1]


def test_on_stairs_of_the_same_heights_nobody_moves():
    for t in descent.drawn(stairs)[0]:
        assert 0 <= smooth(t) - stairs(t) < descent.STAIR + 1e-12
        assert math.remainder(stairs(t), descent.STAIR) == pytest.approx(0, abs=1e-12)
    for up in (True, False):
        assert walk(flat, 0.5, RATE, 9, up=up) == [0.5] * 10


def test_bad_walks_are_refused():
    with pytest.raises(ValueError, match="rate"):
        walk(slope, 0, 0, 3, up=True)
    with pytest.raises(ValueError, match="steps"):
        walk(slope, 0, 0.1, -1, up=True)
