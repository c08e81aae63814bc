"""The charts of what exact answers cost: a point for each program, all conditions in its hover."""

import pytest

from robust_core import zoo
from robust_core.dashboard.verify import doubled
from robust_core.experiment.doubling import SECONDS, Doubling, Point

FOUND = Doubling(
    "9",
    (
        *(Point(0.02 * k, 10 * k, k - 1, 0.1 * 2**k, True) for k in (1, 2, 3)),
        Point(0.1, 40, 7, SECONDS, False),
    ),
)


def test_points_stand_on_a_logarithmic_axis():
    figure = doubled.chart(FOUND, zoo.describe("digits-mlp"), "seconds", doubled.seconds(FOUND))
    solved, late, line = figure.data
    assert figure.layout.yaxis.type == "log"
    assert (list(solved.x), list(solved.y)) == ([10, 20, 30], pytest.approx([0.2, 0.4, 0.8]))
    assert (late.x, late.y) == ((40,), (SECONDS,))
    assert solved.marker.symbol != late.marker.symbol
    assert list(line.y) == pytest.approx([0.2, 0.8])
    for words in (*solved.customdata, *late.customdata):
        for part in ("digits-mlp", "Linf", "eps 0.", "branches", "MILP", f"{SECONDS:g} s"):
            assert part in words
    assert "not solved" in late.customdata[0]


def test_a_search_without_branches_has_its_root():
    assert doubled.nodes(FOUND) == [1, 1, 2, 7]
    figure = doubled.chart(FOUND, zoo.describe("digits-mlp"), "branches", doubled.nodes(FOUND))
    assert len(figure.data) == 2


def test_it_is_told_in_a_sentence():
    assert doubled.told(FOUND).startswith("The time doubles about every 10 undecided ReLUs.")
    assert "not solved in 8 s" in doubled.told(FOUND)
    assert doubled.told(Doubling("9")) == "No ReLU becomes undecided."
    assert "doubles" not in doubled.told(Doubling("9", FOUND.points[:1]))
