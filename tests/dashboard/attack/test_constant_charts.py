"""The chart of Carlini and Wagner's constant: what failed has no distance."""

import pytest

from robust_core.dashboard.attack.constant_charts import box_chart, constant_chart
from robust_core.experiment.constants import ConstantCurve, Trial


def test_successes_have_a_distance_and_failures_a_cross():
    found = ConstantCurve(
        path=(Trial(1.0, None), Trial(10.0, 0.5), Trial(5.5, 0.4)),
        grid=(Trial(0.1, None), Trial(1.0, None), Trial(20.0, 0.6)),
    )
    reached, failed, path = constant_chart(found).data
    assert (list(reached.x), list(reached.y)) == ([20.0], [0.6])
    assert list(failed.x) == [0.1, 1.0]
    assert (list(path.x), list(path.y)) == ([1.0, 10.0, 5.5], [1, 2, 3])
    assert list(path.marker.symbol) == ["x", "circle", "circle"]


def test_black_and_white_move_at_a_fifth_of_the_speed_of_grey():
    slope = next(line for line in box_chart().data if line.name == "its slope here").y
    assert min(slope) / max(slope) == pytest.approx(0.19, abs=0.001)
