"""The figures of the comparison: axes that can be read, lines that can be told apart."""

from itertools import pairwise

import pytest
import torch

from robust_core import attacks
from robust_core.dashboard.compare_attacks.charts import TICKS, eps_chart, place, regions_chart
from robust_core.dashboard.compare_attacks.depth import GRID
from robust_core.dashboard.controls import EPS_CHOICES
from robust_core.dashboard.style import ADVERSARIAL, CLEAN
from robust_core.experiment.curves import Point
from robust_core.experiment.slices import Regions, axes

BOUNDED = [name for name in attacks.local_names() if attacks.get(name).has_eps]


def points(success: bool = True) -> dict[float, Point]:
    return {
        eps: Point(eps, 1 - eps, None, 0, success and eps > 0.1, eps, eps) for eps in sorted(GRID)
    }


def test_the_axis_is_monotone_and_keeps_its_ticks_apart():
    places = [place(eps) for eps in sorted(GRID)]
    assert all(a < b for a, b in pairwise(places))
    ticks = sorted(place(eps) for eps in {*TICKS, *EPS_CHOICES})
    assert min(b - a for a, b in pairwise(ticks)) > 0.05 * ticks[-1]
    assert place(8 / 255) < 0.55 * ticks[-1], "half the axis is for what people cannot see"


def test_the_grid_has_every_eps_of_the_page_and_a_fine_part():
    assert set(EPS_CHOICES) < set(GRID)
    assert GRID[0] == 0
    assert sum(0 < eps < 9 / 255 for eps in GRID) >= 6
    assert list(GRID) == sorted(GRID)


def test_no_two_attacks_look_the_same():
    figure = eps_chart({name: points() for name in BOUNDED}, EPS_CHOICES, "cat", 0.01)
    looks = {(line.line.color, line.marker.symbol[-1], line.line.dash) for line in figure.data}
    assert len(figure.data) == len(BOUNDED) == len(looks)


def test_hollow_markers_are_where_the_goal_was_not_reached():
    (line,) = eps_chart({"fgsm": points()}, EPS_CHOICES, "cat", 0.01).data
    for symbol, point in zip(line.marker.symbol, points().values(), strict=True):
        assert symbol.endswith("-open") != point.success


def test_an_attack_without_eps_is_a_point_where_it_ended():
    line, dot = eps_chart(
        {"fgsm": points()}, EPS_CHOICES, "cat", 0.01, {"fmn-l1": (0.02, 0.4)}
    ).data
    assert line.mode == "lines+markers"
    assert (dot.mode, dot.x, dot.y) == ("markers", (place(0.02),), (0.4,))


@pytest.fixture
def seen() -> Regions:
    """Three classes on a grid: 4 and 7 on most of it, 2 in a corner."""
    a, b = axes(1.0, 9)
    classes = torch.where(a < 0.5, 4, 7).repeat(9, 1)
    classes[0, :3] = 2
    return Regions(a, b, classes, torch.full((9, 9), 0.8), torch.zeros(9, 9))


def test_regions_have_the_colours_of_clean_and_adversarial(seen):
    names = tuple(f"class {i}" for i in range(10))
    path = torch.tensor([[0.0, 0.0], [0.5, 0.1], [1.0, 0.0]])
    figure = regions_chart(seen, names, 4, 7, path)
    ground, legend = figure.data[0], {t.name: t.marker.color for t in figure.data if t.name}
    share = {name.split(" (")[0]: colour for name, colour in legend.items() if " (" in name}
    assert share["class 4"] == CLEAN
    assert share["class 7"] == ADVERSARIAL
    assert len(set(share.values())) == 3
    scale, count = ground.colorscale, 3
    assert len(scale) == 2 * count
    for row, classes in zip(ground.z, seen.classes.tolist(), strict=True):
        for z, index in zip(row, classes, strict=True):
            shade = scale[2 * int(z)][1]
            assert shade == share[f"class {index}"]


def test_the_path_goes_from_clean_to_adversarial(seen):
    path = torch.tensor([[0.0, 0.0], [0.5, 0.1], [1.0, 0.0]])
    figure = regions_chart(seen, tuple("abcdefghij"), 4, 7, path)
    by_name = {t.name: t for t in figure.data}
    assert list(by_name["path of the attack"].x) == [0, 0.5, 1]
    assert (by_name["clean"].x[0], by_name["clean"].y[0]) == (0, 0)
    assert (by_name["adversarial"].x[0], by_name["adversarial"].y[0]) == (1, 0)
