"""The plane with three regions: ways out are the shortest, and one v leaves all of them."""

import math

import numpy as np
import pytest

from robust_core.toys.regions import OVERSHOOT, REGIONS, Region, walk

SQUARE = Region("square", ((0, 1.0), (90, 2.0), (180, 3.0), (270, 4.0)))


def test_the_way_out_of_a_square_is_to_its_nearest_side():
    assert SQUARE.way_out(np.zeros(2)) == pytest.approx([1 + OVERSHOOT, 0])
    assert SQUARE.way_out(np.array([-2.9, 0.0])) == pytest.approx([-0.1 * (1 + OVERSHOOT), 0])
    assert (SQUARE.way_out(np.array([1.5, 0.0])) == 0).all()
    corners = {tuple(np.round(corner, 6)) for corner in SQUARE.corners()}
    assert corners == {(1, 2), (-3, 2), (-3, -4), (1, -4)}


@pytest.mark.parametrize("region", REGIONS, ids=lambda region: region.name)
def test_no_shorter_way_leaves_a_region(region):
    rng = np.random.default_rng(0)
    inside = [v for v in rng.uniform(-2, 2, (100, 2)) if region.holds(v)]
    assert len(inside) > 30
    for v in inside:
        way = region.way_out(v)
        assert not region.holds(v + way)
        shorter = np.hypot(*way) / (1 + OVERSHOOT) * 0.999
        angles = np.linspace(0, 2 * math.pi, 360)
        assert all(region.holds(v + shorter * np.array([math.cos(a), math.sin(a)])) for a in angles)


def test_one_v_leaves_all_regions_and_is_longer_than_any_single_way():
    steps = walk()
    v = np.array(steps[-1].end)
    assert all(region.holds(np.zeros(2)) for region in REGIONS)
    assert not any(region.holds(v) for region in REGIONS)
    assert len(steps[-1].fooled) == len(REGIONS)
    assert len(steps) > 1
    assert np.hypot(*v) > max(np.hypot(*region.way_out(np.zeros(2))) for region in REGIONS) - 1e-9
    assert [step.start for step in steps[1:]] == [step.end for step in steps[:-1]]


def test_within_a_ball_that_is_too_small_some_stay():
    for radius in (0.0, 0.5, 1.1):
        steps = walk(radius=radius)
        assert all(math.hypot(*step.end) <= radius + 1e-12 for step in steps)
        assert len(steps[-1].fooled) < len(REGIONS)
    assert walk(radius=0.0)[-1].fooled == ()
    for bad in (-1.0, math.nan):
        with pytest.raises(ValueError, match="radius must be at least 0"):
            walk(radius=bad)
