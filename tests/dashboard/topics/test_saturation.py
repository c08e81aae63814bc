"""Saturation: where float32 ends, in the chart and in the sentence."""

import pytest

from robust_core.dashboard.topics import figures
from robust_core.dashboard.topics.saturation import SCALES, limits, words
from robust_core.toys.temperature import pair


def test_the_ends_of_float32_are_marked_where_they_are():
    found = pair(10.0, SCALES)
    certain, silent = limits(found)
    assert certain == pytest.approx(1.664, rel=0.06)
    assert silent == pytest.approx(10.4, rel=0.06)
    figure = figures.softmax_chart(found, certain=certain, silent=silent)
    assert sorted(shape.x0 for shape in figure.layout.shapes) == [certain, silent]
    assert [10**a.x for a in figure.layout.annotations] == pytest.approx([certain, silent])
    single = next(t for t in figure.data if t.name == "float32")
    ends = {x for x, y in zip(single.x, single.y, strict=True) if y is None}
    assert min(ends) == silent
    assert "exactly 0 from" in words(10.0, certain, silent)


def test_a_small_gap_reaches_no_end():
    found = pair(0.1, SCALES)
    assert limits(found) == (None, None)
    assert not figures.softmax_chart(found, certain=None, silent=None).layout.shapes
    assert "can tell" in words(0.1, None, None)
    assert "some gradient is left" in words(1.0, 16.0, None)
