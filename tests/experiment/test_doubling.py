"""What exact answers cost: each program has more undecided ReLUs, and how many double the time is told."""

import math

import pytest
import torch

from robust_core import zoo
from robust_core.data import digits
from robust_core.experiment import doubling
from robust_core.experiment.doubling import Doubling, Point


@pytest.fixture(scope="module")
def case():
    images, labels = digits.load("test")
    return zoo.load("digits-mlp", "cpu"), images[5:6], labels[5:6]


def test_more_relus_are_undecided_at_every_point(case, monkeypatch):
    monkeypatch.setattr(doubling, "COUNTS", (2, 4, 6))
    steps, seen = [], []
    found = doubling.doubling(*case, lambda k, n: steps.append((k, n)), seen.append)
    assert [point.unstable for point in found.points] == sorted({p.unstable for p in found.points})
    assert [point.eps for point in found.points] == sorted(point.eps for point in found.points)
    assert all(p.unstable >= count for p, count in zip(found.points, (2, 4, 6), strict=True))
    assert all(point.solved and point.seconds > 0 for point in found.points)
    assert seen[-1] == found
    assert steps[0] == (0, 3)
    assert steps[-1] == (3, 3)
    assert found.rival in case[0].class_names


def test_the_first_that_runs_out_of_time_is_the_last(case, monkeypatch):
    monkeypatch.setattr(doubling, "COUNTS", (20, 30, 40))
    monkeypatch.setattr(doubling, "SECONDS", 1e-3)
    (point,) = doubling.doubling(*case).points
    assert not point.solved


def test_how_many_double_the_time():
    points = tuple(Point(0.1, 5 * k, 1, 0.1 * 2**k, True) for k in range(1, 6))
    late = Point(0.2, 60, 9, 8.0, False)
    assert Doubling("3", (*points, late)).every == pytest.approx(5)
    assert math.isnan(Doubling("3", points[:2]).every)
    level = tuple(Point(0.1, k, 1, 0.5, True) for k in (1, 2, 3))
    assert Doubling("3", level).every == torch.inf
