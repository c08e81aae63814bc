"""Figures of how defences work and break: what is drawn is what was computed."""

import math
from itertools import pairwise

import pytest
import torch

from robust_core import zoo
from robust_core.dashboard.style import ADVERSARIAL, CLEAN
from robust_core.dashboard.topics import figures, pixeldp
from robust_core.dashboard.topics.arms_race import PUBLISHED
from robust_core.dashboard.topics.saturation import SCALES, limits, words
from robust_core.data import digits
from robust_core.toys.masking import LossLine, Rounding, Saturation, line
from robust_core.toys.temperature import pair, shares


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


def test_radii_of_the_paper_and_of_pixeldp_at_one_sigma():
    """METHODS: two classes, noise on the picture, in units of sigma."""
    for p, small, large in (
        (0.6, 0.059, 0.253),
        (0.8, 0.235, 0.842),
        (0.9, 0.390, 1.282),
        (0.99, 0.555, 2.326),
        (0.999, 0.568, 3.090),
    ):
        bound = 1 / math.sqrt(2 * math.log(1.25 / 0.05))  # for which sigma is 1
        found = pixeldp.promise(bound, 1.0, 1.0, 0.05, p)
        assert found.sigma == pytest.approx(1)
        assert small - 6e-4 < found.privacy < small + 1.5e-3  # here delta is sought more finely
        assert found.smoothing == pytest.approx(large, abs=6e-4)


@pytest.mark.parametrize("sensitivity", [0.5, 1.0, 5.0])
def test_what_the_condition_certifies_the_largest_radius_covers(sensitivity):
    held = 0
    for bound in (0.05, 0.3, 1.0):
        for eps in (0.1, 0.5, 1.0):
            for delta in (0.3, 0.05, 1e-3, 1e-6):
                for p in (0.5, 0.7, 0.9, 0.99):
                    found = pixeldp.promise(bound, sensitivity, eps, delta, p)
                    assert found.holds == (found.left > found.right)
                    assert found.privacy <= found.smoothing + 1e-12
                    if found.holds:
                        held += 1
                        assert found.privacy >= bound * (1 - 1e-6)
    assert held > 10


def test_pixeldp_levels_off_where_smoothing_does_not():
    small, large = pixeldp.curves(1.0, 2.0)
    assert max(small) < 0.571 / 2
    assert large[-1] > 3.7 / 2
    assert all(a <= b for a, b in zip(small, large, strict=True))
    figure = figures.radius_curves(pixeldp.P, small, large, here=0.9, bound=0.2)
    assert [t.name for t in figure.data] == ["PixelDP", "smoothing (Cohen et al.)"]
    assert figure.layout.yaxis.range[1] > max(small)


def test_the_formula_without_its_root_is_another_one():
    found = pixeldp.promise(0.3, 1.0, 1.0, 0.05, 0.9)
    assert found.rootless == pytest.approx(found.sigma**2 / 0.3)


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
