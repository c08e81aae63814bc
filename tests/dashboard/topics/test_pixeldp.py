"""PixelDP by its numbers: the paper's table, what the condition covers, and where the radius ends."""

import math

import pytest

from robust_core.dashboard.topics import figures, pixeldp


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
