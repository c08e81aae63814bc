"""The plane: areas that add up, and nearest adversarial points that projection gives exactly."""

import math

import pytest
import torch

from robust_core.toys import boundary
from robust_core.toys.boundary import GRID, areas, is_adversarial, nearest, within_reach

W = torch.tensor([1.5, 2.0], dtype=torch.float64)


def line(points):
    """A straight learned boundary: 1.5 across + 2 up = 2."""
    return points @ W - 2.0


def far(points):
    """A true boundary that is nowhere near."""
    return points[:, 1] - 0.97


@pytest.fixture(scope="module")
def learned():
    return boundary.learn(20)


@pytest.fixture(scope="module")
def places(learned):
    return [boundary.adversarial_places(label, learned) for label in (0, 1)]


@pytest.mark.parametrize("point", [(0.3, 0.3), (0.6, 0.2), (0.45, 0.5)])
@pytest.mark.parametrize(("norm", "dual"), [("l2", 2), ("linf", 1)])
def test_to_a_straight_boundary_the_nearest_point_is_the_projection(point, norm, dual):
    x = torch.tensor(point, dtype=torch.float64)
    found = nearest(x, norm, line, far)
    exact = line(x[None]).abs().item() / W.norm(dual).item()
    assert found.distance == pytest.approx(exact, rel=1.001 * boundary.REACH)
    assert is_adversarial(found.point[None], 0, line, far).all()
    assert boundary.lengths((found.point - x)[None], norm).item() == pytest.approx(found.distance)


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_no_point_of_a_grid_is_nearer_than_the_nearest(learned, places, norm):
    grid = boundary.grid(157)
    wrong = [grid[is_adversarial(grid, label, learned)] for label in (0, 1)]
    for x in boundary.draw(12, seed=5)[0]:
        label = int(boundary.truth(x[None]) > 0)
        found = nearest(x, norm, learned, places=places[label])
        if found is None:
            assert is_adversarial(x[None], label, learned).all()
            continue
        assert is_adversarial(found.point[None], label, learned).all()
        assert boundary.lengths(wrong[label] - x, norm).min() >= found.distance - 0.003


def test_linf_is_never_further_than_l2_and_l2_at_most_root_two_of_it(learned, places):
    for x in boundary.draw(8, seed=6)[0]:
        there = places[int(boundary.truth(x[None]) > 0)]
        l2, linf = (nearest(x, norm, learned, places=there) for norm in ("l2", "linf"))
        if l2 is not None:
            assert linf.distance <= l2.distance + 0.003 <= math.sqrt(2) * linf.distance + 0.01


def test_deepfool_does_not_come_nearer_than_the_nearest(learned):
    x = torch.tensor([0.88, 0.38], dtype=torch.float64)
    for norm in ("l2", "linf"):
        end = boundary.deepfool(x, learned, norm)
        assert (learned(end[None]) > 0) != (learned(x[None]) > 0)
        length = boundary.lengths((end - x)[None], norm).item()
        assert length >= nearest(x, norm, learned).distance - 0.003


def test_areas_are_probabilities_that_add_up(learned):
    found = areas(learned)
    for label in (0, 1):
        assert found[label]["adv"] <= found[label]["real"]
        missed = found[label]["real"] - found[label]["adv"]
        assert found[label]["train"] == pytest.approx(missed + found[1 - label]["adv"])
    assert found[0]["real"] + found[1]["real"] == pytest.approx(1)
    assert areas(boundary.truth)[0]["adv"] == 0
    _, labels = boundary.draw(20_000, seed=9)
    assert found[1]["real"] == pytest.approx(labels.double().mean().item(), abs=0.02)
    above = areas(line, far, GRID)[0]["adv"]  # the triangle above the line, below the other
    assert above == pytest.approx(0.97 - 0.625, abs=0.01)


def test_more_training_points_leave_less_mismatch_and_the_seed_decides(learned):
    def mismatch(model):
        return sum(parts["adv"] for parts in areas(model).values())

    assert mismatch(boundary.learn(1000)) < mismatch(learned) / 5
    points = boundary.grid(11)
    assert torch.equal(boundary.learn(20)(points), learned(points))
    assert not torch.equal(boundary.learn(20, seed=1)(points), learned(points))


def test_a_larger_eps_reaches_more_points(learned):
    shares = [within_reach(learned, eps) for eps in (0.0, 0.02, 0.1, 1.0)]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == 1


def test_where_there_is_nothing_to_find_there_is_none():
    x = torch.tensor([0.5, 0.2], dtype=torch.float64)
    assert nearest(x, "l2", boundary.truth) is None, "nothing is wrong"
    wrong = torch.tensor([0.9, 0.9], dtype=torch.float64)
    assert nearest(wrong, "l2", line, far) is None, "it is one itself"


def test_bad_arguments_are_refused(learned):
    with pytest.raises(ValueError, match="norm must be l2 or linf"):
        nearest(W, "l1", line)
    with pytest.raises(ValueError, match="count must be from 4"):
        boundary.learn(3)
    with pytest.raises(ValueError, match="eps"):
        within_reach(learned, -0.1)
