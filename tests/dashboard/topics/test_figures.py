"""Figures of how defences work and break: what is drawn is what was computed."""

import math
from itertools import pairwise

import pytest
import torch

from robust_core import zoo
from robust_core.dashboard.style import ADVERSARIAL, CLEAN
from robust_core.dashboard.topics import figures
from robust_core.dashboard.topics.arms_race import PUBLISHED
from robust_core.dashboard.topics.saturation import SCALES
from robust_core.data import digits
from robust_core.toys.masking import LossLine, Rounding, Saturation, line
from robust_core.toys.temperature import shares


@pytest.fixture(scope="module")
def lines(digits_test) -> dict[bool, LossLine]:
    """By whether the axes are logarithmic."""
    images, labels = digits_test
    model = zoo.load("digits-cnn", "cpu")
    return {
        log: line(model, mask, images[2:3], labels[2:3], points=61)
        for log, mask in ((False, Rounding(k=16)), (True, Saturation(s=10)))
    }


@pytest.mark.parametrize("log", [False, True])
def test_the_curves_are_those_of_the_line(lines, log):
    found = lines[log]
    figure = figures.masking_lines(found, digits.CLASSES, adaptive="known", log=log)
    drawn = {(t.name, t.yaxis): t for t in figure.data if t.type == "scatter"}
    assert set(drawn) == {
        *(("undefended", axis) for axis in ("y", "y2")),
        *(("defended", axis) for axis in ("y", "y2")),
        ("known", "y2"),
    }
    for (name, axis), values in {
        ("defended", "y"): found.defended_loss,
        ("known", "y2"): found.adaptive_slope.abs() if log else found.adaptive_slope,
    }.items():
        for shown, value in zip(drawn[name, axis].y, values.tolist(), strict=True):
            possible = math.isfinite(value) and (value > 0 or not log)
            assert shown == (value if possible else None)
    legends = [t.name for t in figure.data if t.showlegend is not False]
    assert sorted(legends) == ["defended", "known", "undefended"]


@pytest.mark.parametrize("log", [False, True])
def test_the_strips_tell_the_class_at_every_place(lines, log):
    found = lines[log]
    figure = figures.masking_lines(found, digits.CLASSES, adaptive="known", log=log)
    bars = [t for t in figure.data if t.type == "bar"]
    home = int(found.classes[found.t.abs().argmin()])
    for bar, classes in zip(bars, (found.classes, found.defended_classes), strict=True):
        for t, label in zip(found.t.tolist(), classes.tolist(), strict=True):
            at = next(
                i
                for i in reversed(range(len(bar.base)))
                if bar.base[i] <= t + 1e-9 <= bar.base[i] + bar.x[i] + 1e-6
            )
            assert bar.text[at] == f"“{label}”"
            assert bar.marker.color[at] == (CLEAN if label == home else ADVERSARIAL)
            assert bool(bar.marker.pattern.shape[at]) == (label != home)


def test_segments_cover_the_line_without_gaps():
    t = torch.linspace(0, 1, 11)
    found = figures.segments(t, torch.tensor([1, 1, 1, 2, 2, 3, 3, 3, 3, 1, 1]))
    assert [c for *_, c in found] == [1, 2, 3, 1]
    assert found[0][0] == 0
    assert found[-1][1] == 1
    assert all(a[1] == b[0] for a, b in pairwise(found))


def test_the_published_table_is_drawn_in_its_order():
    (bars,) = figures.published_bars(PUBLISHED).data
    assert list(bars.x) == [0, 5, 0, 0, 0, 9, 55, 47, 15]
    assert len(set(bars.y)) == 9


def test_shares_are_drawn_as_they_are():
    found = shares(torch.tensor([[30.0, 0.0], [2.0, 0.0]]), torch.tensor([0, 0]), SCALES)
    figure = figures.share_chart(found)
    drawn = {t.name: list(t.y) for t in figure.data}
    assert drawn["gradient exactly 0"] == found.silent.tolist()
    assert drawn["probability exactly 1"] == found.certain.tolist()


def test_penalty_curves_have_the_three_losses_and_the_pictures():
    losses = {name: [1.0, 0.5] for name in ("plain", "adversarial", "L1 weight decay")}
    figure = figures.penalty_curves([0.0, 1.0], losses, ([0.5], [0.7]))
    assert [t.name for t in figure.data] == [*losses, "test pictures after FGSM"]
    assert list(figure.data[-1].y) == [0.7]
