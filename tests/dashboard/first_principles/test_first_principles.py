"""The charts, tables and sentences of First principles: pure functions of what was found."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from robust_core.classifier import Guess
from robust_core.dashboard import settings
from robust_core.dashboard.first_principles import (
    all_pixels,
    boundary,
    boundary_charts,
    dimension,
    evil,
    evil_charts,
    one_pixel,
    two_pixels,
)
from robust_core.dashboard.topics import loss_surface, pixel_markup, six_frames, two_ways
from robust_core.experiment.pixels import MEASURES, Ascent, OnePixel, TwoPixels
from robust_core.experiment.surface import Surface
from robust_core.toys import boundary as plane
from robust_core.toys import descent
from robust_core.toys import dimension as numbers
from robust_core.toys.evil import BAD, Line
from tests.letters import small_letters

ODDS, CE = MEASURES["odds"], MEASURES["ce"]


def trace(figure, name):
    (found,) = (each for each in figure.data if each.name == name)
    return found


def cells(html: str) -> list[str]:
    return re.findall(r"<td[^>]*>([^<]*)</td>", html)


@pytest.fixture
def found() -> Ascent:
    """One step of 0.1 on a grey picture of 9 x 9 whose slopes are known."""
    image = torch.full((1, 9, 9), 0.5)
    image[0, 4, 4], image[0, 0, 0] = 0.95, 0.0
    gradient = torch.ones(1, 9, 9, dtype=torch.float64)
    gradient[0, 0, :] = -2.0
    gradient[0, 8, 8] = 0.0
    gradient[0, 4, 4] = 3.0
    moved = (image + 0.1 * gradient.sign().float()).clamp(0, 1)
    return Ascent(
        eps=0.1,
        label=Guess(3, "cat", 0.9),
        image=image,
        gradient=gradient,
        odds=-2.2,
        adversarial=moved,
        reached=1.5,
        before=Guess(3, "cat", 0.9),
        after=Guess(5, "<dog>", 0.7),
        left=Guess(3, "cat", 0.18),
    )


def test_six_frames_with_their_numbers(found):
    html = six_frames.frames(found)
    assert html.count("<figure>") == 6
    assert html.count("<img") == 5
    assert "71 up, 9 down" in html
    assert "1 exactly 0" in html
    assert f"J = {CE.of(-2.2):.3g}" in html
    assert f"J = {CE.of(1.5):.3g}" in html
    assert "&lt;dog&gt; after: 70 %" in html
    assert "<dog>" not in html
    assert six_frames.told(found) == "One step of 0.1 along the signs: cat 90 % becomes <dog> 70 %"


def test_the_sum_is_the_raw_table_plus_eps_times_the_signs_and_what_is_cut_is_underlined(found):
    html = all_pixels.tables(found, 0, 0, 1)
    raw, sign, total = (cells(part) for part in re.findall(r"<table>.*?</table>", html))
    assert len(raw) == len(sign) == len(total) == all_pixels.ROWS * all_pixels.COLUMNS
    for x, s, y in zip(raw, sign, total, strict=True):
        assert float(y) == pytest.approx(min(1, max(0, float(x) + 0.1 * float(s))), abs=1e-9)
    assert set(sign) == {"+1", "-1"}
    (cut,) = re.findall(r"<td class=cut [^>]*>([^<]*)<", html)
    assert cut == "1.000"
    assert "79 of 81 values move" in all_pixels.told(found), "a slope of 0; a black pixel downwards"


def test_the_decks_tables_are_quoted_in_full():
    html = all_pixels.quoted()
    raw, sign = (cells(part) for part in re.findall(r"<table>.*?</table>", html))
    values = [float(value) for value in raw]
    assert len(values) == 8 * 7
    assert (min(values), max(values)) == (0.099, 0.324)
    assert len(sign) == 7 * 7
    assert set(sign) == {"+1", "-1"}


@pytest.mark.parametrize(("middle", "first"), [(0, 0), (4, 0), (20, 16), (31, 24)])
def test_a_window_stays_in_the_picture(middle, first):
    assert all_pixels.start(middle, 32, 8) == first
    assert first <= middle < first + 8


def test_a_mark_is_where_the_pixel_is():
    html = pixel_markup.image(np.zeros((8, 8, 1), np.uint8), "x", marks=[(0, 2, 6)])
    assert "left:75.000%;top:25.000%;width:max(12.500%,5px)" in html


def test_letters_can_be_read_on_every_grey():
    for value in np.linspace(0, 1, 52):
        level, ink = re.match(
            r"style='background:rgb\((\d+).*color:(#\w+)'", pixel_markup.grey(value)
        ).groups()
        linear = (
            ((int(level) / 255 + 0.055) / 1.055) ** 2.4 if int(level) > 10 else int(level) / 3294
        )
        light = 1.05 / (linear + 0.05) if ink == "#FFFFFF" else (linear + 0.05) / 0.05
        assert light >= 4.5, value


def test_the_table_of_derivatives_marks_who_moves():
    learner = evil_charts.table(Line(2, 1), 0.5, 3.0, attacking=False)
    attacker = evil_charts.table(Line(2, 1), 0.5, 3.0, attacking=True)
    assert learner.count("tr class='learner'") == 2
    assert attacker.count("tr class='attacker'") == 1
    assert [v for v in cells(learner) if v[0] in "+-"] == ["-1.000", "-2.000", "-4.000"]


def test_the_point_moves_sideways_and_its_residual_is_drawn_where_it_ends():
    x, y = np.array([0.0, 1.0]), np.array([0.5, 0.2])
    figure = evil_charts.plane(x, y, Line(1, 0), [1.0, 1.3, 1.7], 1, 0.2, None)
    path, residual = trace(figure, "the point, step by step"), trace(figure, "residual")
    assert set(path.y) == {0.2}
    assert list(residual.x) == [1.7, 1.7]
    assert list(residual.y) == [0.2, pytest.approx(1.7)]
    assert not [each for each in figure.data if each.name == "at first"]
    assert trace(evil_charts.plane(x, y, Line(1, 0), [1.0], 1, 0.2, BAD), "at first")


def test_what_is_told_of_learner_and_attacker():
    learner = evil.Asked(attacking=False, steps=3, size=0.1, point=2)
    attacker = evil.Asked(attacking=True, steps=2, size=0.1, point=2)
    assert "the mean loss fell from 2 to 0.5" in evil.told(learner, [2, 1, 0.7, 0.5], [0.0])
    assert "the mean loss grew from 2 to 9" in evil.told(learner, [2, 3, 5, 9], [0.0])
    told = evil.told(attacker, [0.1, 0.2, 0.4], [1.0, 0.8, 0.5])
    assert "moves 0.5 to the left: its loss grows from 0.1 to 0.4" in told


def test_the_animation_has_a_frame_for_each_step_and_stays_on_the_curve():
    down = descent.walk(descent.slope, descent.START, descent.RATE, 5, up=False)
    up = descent.walk(descent.slope, descent.START, descent.RATE, 5, up=True)
    figure = two_ways.figure(descent.smooth, down, up)
    assert [frame.name for frame in figure.frames] == list("012345")
    for frame in figure.frames:
        for walk, path in zip(frame.data, (down, up), strict=True):
            assert walk.x[-1] == path[int(frame.name)]
            assert list(walk.y) == [descent.smooth(t) for t in walk.x]
    assert not list(small_letters(figure.to_plotly_json(), "curve"))


def test_both_growths_are_drawn_with_the_chosen_n():
    made = [numbers.activation(n, 0.01, draws=3) for n in (10, 2_352)]
    figure = dimension.growth(made, made[1])
    assert list(trace(figure, "along sign(w)").y) == [
        numbers.expected_adversarial(n, 0.01) for n in (10, 2_352)
    ]
    assert figure.layout.shapes[0].x0 == 2_352
    assert dimension.told(made[1]).startswith("2,352 inputs, each moved by 0.01")
    assert list(dimension.bars(made[1]).data[0].x)[2] == made[1].adversarial


ONE = OnePixel(
    (0, 1, 2),
    torch.linspace(0, 1, 11, dtype=torch.float64),
    torch.linspace(-2, 2, 11, dtype=torch.float64),
    value=0.5,
    here=0.0,
    slope=4.0,
    moved=0.6,
    reached=0.4,
)


@pytest.mark.parametrize("measure", [ODDS, CE], ids=["odds", "ce"])
def test_the_tangent_touches_the_curve_with_its_slope(measure):
    figure = one_pixel.curve(ONE, measure, 0.1)
    tangent = trace(figure, "tangent")
    (a, b), (u, v) = tangent.x, tangent.y
    assert (v - u) / (b - a) == pytest.approx(4 * measure.times(0.0))
    assert u + (0.5 - a) * (v - u) / (b - a) == pytest.approx(measure.of(0.0))
    assert trace(figure, "x ± eps").x[0] == 0.6
    if measure is ODDS:
        assert "from 0.500 to 0.600: the loss goes from 0 to 0.4" in one_pixel.told(ONE, ODDS)


def test_square_and_circle_have_the_size_of_eps():
    axis = torch.linspace(0.3, 0.7, 5, dtype=torch.float64)
    two = TwoPixels(
        ((0, 0, 0), (0, 1, 1)),
        (axis, axis),
        axis[:, None] + axis,
        0.1,
        (1.0, 1.0),
        (0.5, 0.5, 1.0),
        (0.6, 0.6, 1.2),
        (0.57, 0.57, 1.14),
        (0.6, 0.6, 1.2),
    )
    figure = two_pixels.contours(two, ODDS)
    square, circle = trace(figure, "square, Linf"), trace(figure, "circle, L2")
    assert (min(square.x), max(square.y)) == (0.4, 0.6)
    assert np.hypot(np.array(circle.x) - 0.5, np.array(circle.y) - 0.5) == pytest.approx(0.1)
    assert "from 1 to 1.2 in the corner, to 1.14 on the circle" in two_pixels.told(two, ODDS)
    assert "best of the square: J = **1.2**" in two_pixels.heights(two, ODDS)


def test_the_surface_has_its_plane_its_corner_and_what_the_plane_misses():
    axis = torch.linspace(-0.15, 0.15, 7, dtype=torch.float64)
    cut = Surface(0.1, axis, torch.zeros(7, 7), (10.0, -2.0), 0.0, 0.5, 0.1)
    figure = loss_surface.figure(cut, ODDS)
    corner = trace(figure, "FGSM's corner")
    assert (corner.x[0], corner.y[0], corner.customdata[0]) == (0.1, 0, 0.5)
    assert trace(figure, "what the plane misses").z == (0.5, pytest.approx(1.0))
    assert "from 0 to 0.5, along random signs to 0.1" in loss_surface.headline(cut, ODDS)
    assert "promises 1, the loss is 0.5" in loss_surface.told(cut, ODDS)
    plane_ = np.array(trace(figure, "tangent plane at x").z, dtype=float)
    assert np.isnan(plane_[0, 0]), "cut off where the chart ends"


def test_a_click_sets_the_point(monkeypatch):
    state = {"edge_plane": {"selection": {"points": [{"x": 0.3000001, "y": 0.62}]}}}
    for module in (boundary, settings):
        monkeypatch.setattr(module, "st", SimpleNamespace(session_state=state))
    boundary.clicked()
    assert (state["_next_edge_across"], state["_next_edge_up"]) == (0.3, 0.62)
    state["edge_plane"] = {"selection": {"points": []}}
    boundary.clicked()
    assert state["_next_edge_across"] == 0.3, "a click beside all markers changes nothing"


def test_the_plane_can_be_clicked_all_over_and_balls_end_at_the_nearest_points():
    learned = plane.learn(20)
    x = torch.tensor([0.88, 0.38], dtype=torch.float64)
    near = {norm: plane.nearest(x, norm, learned) for norm in boundary_charts.NORMS}
    figure = boundary_charts.plane(learned, x, near)
    unseen = next(each for each in figure.data if len(each.x) == boundary_charts.CLICKS**2)
    assert unseen.marker.opacity == 0 == unseen.selected.marker.opacity
    circle = trace(figure, boundary_charts.NORMS["l2"])
    assert np.hypot(np.array(circle.x) - 0.88, np.array(circle.y) - 0.38) == pytest.approx(
        near["l2"].distance
    )
    html = boundary_charts.three(learned, 0, {"real": 0.519, "train": 0.579, "adv": 0.037})
    assert [word in html for word in ("51.9 %", "57.9 %", "3.7 %")] == [True] * 3
