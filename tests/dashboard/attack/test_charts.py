"""Figures as data: what they show, in which colour, pattern and order."""

import pytest

from robust_core.dashboard.attack import charts
from robust_core.dashboard.style import ADVERSARIAL, CLEAN
from robust_core.goals import Towards


@pytest.fixture(scope="module")
def experiment(make_request, perform):
    """A targeted PGD on a digit, so that all three kinds of class have a line."""
    return perform(make_request("pgd", eps=0.3, steps=6, goal=Towards(1)))


def test_the_rows_are_the_union_of_both_top_five(experiment):
    rows = charts.top_classes(experiment)
    labels = [label for label, _, _ in rows]
    assert set(labels) == {g.label for g in (*experiment.before, *experiment.after)}
    assert len(labels) == len(set(labels))
    assert [before for _, before, _ in rows] == sorted((b for _, b, _ in rows), reverse=True)


def test_each_bar_is_the_confidence_of_its_class(experiment):
    bars = {
        bar.name: dict(zip(bar.y, bar.x, strict=True))
        for bar in charts.confidence_bars(experiment).data
    }
    assert set(bars) == {"clean", "adversarial"}
    for guess in experiment.before:
        assert bars["clean"][guess.label] == guess.confidence
    for guess in experiment.after:
        assert bars["adversarial"][guess.label] == guess.confidence


def test_the_kinds_of_bars_differ_in_more_than_colour(experiment):
    bars = {bar.name: bar for bar in charts.confidence_bars(experiment).data}
    assert (bars["clean"].marker.color, bars["adversarial"].marker.color) == (CLEAN, ADVERSARIAL)
    assert bars["clean"].marker.pattern.shape != bars["adversarial"].marker.pattern.shape


def test_clean_stands_above_adversarial(experiment):
    figure = charts.confidence_bars(experiment)
    assert figure.layout.yaxis.autorange == "reversed", "the first trace is then the upper bar"
    assert [bar.name for bar in figure.data] == ["clean", "adversarial"]
    assert figure.layout.legend.traceorder in (None, "normal")


def test_the_axis_does_not_jump_between_results(experiment):
    low, high = charts.confidence_bars(experiment).layout.xaxis.range
    assert low == 0
    assert high >= 1


def test_the_path_has_a_point_for_each_frame_and_a_line_at_the_shown_step(experiment):
    frames = experiment.frames
    names = {index: str(index) for index in frames[0].confidences}
    figure = charts.confidence_path(frames, names, here=frames[2].step)
    assert len(figure.data) == len(names) >= 2
    for line, index in zip(figure.data, names, strict=True):
        assert list(line.x) == [frame.step for frame in frames]
        assert list(line.y) == [frame.confidences[index] for frame in frames]
    assert len({(line.line.dash, line.marker.symbol) for line in figure.data}) == len(names)
    assert figure.layout.shapes[0].x0 == frames[2].step
    assert figure.layout.xaxis.dtick == 1, "six steps, and no half ones"
