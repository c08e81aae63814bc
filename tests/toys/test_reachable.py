"""All answers of the toy: exact polygons hold every answer and nothing else, bounds lie around them."""

import numpy as np
import pytest
import torch

from robust_core.toys.reachable import CENTRE, cut, network, reachable


def area(corners: np.ndarray) -> float:
    x, y = corners.T
    return abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1))) / 2


def holds(corners: np.ndarray, points: np.ndarray, slack: float = 1e-9) -> np.ndarray:
    """Whether points ``[P, 2]`` lie in a convex polygon, its corners in either order."""
    x, y = corners.T
    if (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() < 0:
        return holds(corners[::-1], points, slack)
    along = np.roll(corners, -1, 0) - corners
    to = points[:, None] - corners[None]
    return (along[None, ..., 0] * to[..., 1] - along[None, ..., 1] * to[..., 0] >= -slack).all(1)


def asked(points: np.ndarray) -> np.ndarray:
    return network()(torch.from_numpy(points).view(-1, 1, 1, 2)).numpy()


@pytest.mark.parametrize("eps", [0.02, 0.12, 0.3])
def test_the_pieces_are_the_square_and_the_network_is_affine_on_each(eps):
    found = reachable(eps)
    assert sum(map(area, found.pieces)) == pytest.approx((2 * eps) ** 2, abs=1e-9)
    rng = np.random.default_rng(0)
    for piece, answers in zip(found.pieces, found.exact, strict=True):
        weights = rng.dirichlet(np.ones(len(piece)), 20)
        assert np.allclose(asked(weights @ piece), weights @ answers, atol=1e-9)


@pytest.mark.parametrize("eps", [0.02, 0.12, 0.3])
def test_every_answer_is_in_the_exact_set_and_that_in_both_bounds(eps):
    found = reachable(eps)
    points = np.array(CENTRE) + np.random.default_rng(1).uniform(-eps, eps, (2000, 2))
    answers = asked(points)
    exact = np.any([holds(piece, answers, 1e-7) for piece in found.exact if area(piece) > 1e-9], 0)
    assert exact.mean() > 0.99  # the others come from pieces whose answers are a line
    for corners in (found.polygon, found.box):
        assert holds(corners, answers, 1e-7).all()
        assert holds(corners, np.vstack(found.exact), 1e-7).all()


def test_bounds_grow_with_eps_and_the_toy_shows_all_that_can_happen():
    told = []
    before = None
    for eps in np.arange(0.01, 0.301, 0.01):
        found = reachable(float(eps))
        if before is not None:
            assert holds(found.box, before.box, 1e-9).all()
            assert found.unstable >= before.unstable
        before = found
        proves = [bool((c[:, 0] > c[:, 1]).all()) for c in (found.box, found.polygon)]
        assert found.really or not any(proves), "a proof of what is not true"
        told.append((*proves, found.really))
    assert {(True, True, True), (False, True, True), (False, False, True)} <= set(told)
    assert told[-1] == (False, False, False)


def test_a_polygon_is_cut_by_a_line():
    square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    half = cut(square, np.array([1.0, 0]), -0.25)
    assert area(half) == pytest.approx(0.75)
    assert len(cut(square, np.array([1.0, 0]), -2)) == 0
    assert area(cut(square, np.array([1.0, 1]), -1.5)) == pytest.approx(0.125)
