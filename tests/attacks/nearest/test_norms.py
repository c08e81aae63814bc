"""Projections: inside the ball, no nearer point there, and nothing moves that is inside."""

import pytest
import torch

from robust_core.attacks.nearest.norms import L1, L2, LINF
from robust_core.attacks.nearest.sparse import changes, onto_l0

NORMS = [L1, L2, LINF]


@pytest.mark.parametrize("norm", NORMS, ids=lambda n: n.name)
def test_a_projection_is_the_nearest_point_of_the_ball(pictures, norm):
    change = pictures(6, (2, 3, 3)) - 0.5
    radius = norm.length(change) * torch.tensor([0.1, 0.3, 0.5, 0.9, 1.0, 2.0])
    inside = norm.project(change, radius)
    assert (norm.length(inside) <= radius * (1 + 1e-12)).all()
    assert inside[4:].equal(change[4:])
    # The way out makes an obtuse angle with the way to any point of the ball, such as those of its corners.
    random = torch.randn(200, *change.shape, generator=torch.Generator().manual_seed(0)).double()
    for other in random:
        other = other * (radius / norm.length(other)).view(-1, 1, 1, 1)
        assert (((change - inside) * (other - inside)).flatten(1).sum(1) <= 1e-12).all()


@pytest.mark.parametrize("norm", NORMS, ids=lambda n: n.name)
def test_the_dual_norm_is_what_a_step_of_length_one_gains_at_most(pictures, norm):
    slope = pictures(4, (12,)) - 0.5
    steps = torch.randn(500, 4, 12, generator=torch.Generator().manual_seed(0)).double()
    gains = [(s * slope).sum(1) / norm.length(s) for s in steps]
    assert (torch.stack(gains) <= norm.dual(slope) + 1e-12).all()


def test_a_radius_of_nothing_leaves_nothing():
    change = torch.tensor([[0.0, 0.5, -0.5], [0.0, 0.0, 0.0]])
    for norm in NORMS:
        assert not norm.project(change, torch.zeros(2)).any()


@pytest.mark.parametrize("counted", ["values", "pixels"])
def test_the_largest_stay_and_of_equal_ones_the_first(counted):
    change = torch.tensor([3.0, -1, 2, 1, 0, 1]).view(1, 1, 2, 3).expand(4, 1, 2, 3)
    kept = onto_l0(change, torch.tensor([1.0, 2, 4, 9]), counted).flatten(1)
    assert kept.tolist() == [
        [3, 0, 0, 0, 0, 0],
        [3, 0, 2, 0, 0, 0],
        [3, -1, 2, 1, 0, 0],
        [3, -1, 2, 1, 0, 1],
    ]
    assert changes(kept.view_as(change), counted).tolist() == [1, 2, 4, 5]


def test_a_pixel_stays_with_all_its_channels():
    change = torch.zeros(1, 3, 2, 2)
    change[0, :, 0, 0] = torch.tensor([0.5, 0.5, 0.5])
    change[0, 1, 1, 1] = 0.8  # the largest value, but the smaller pixel
    assert onto_l0(change, torch.ones(1), "pixels").equal(change.masked_fill(change == 0.8, 0))
    assert onto_l0(change, torch.ones(1), "values").nonzero().tolist() == [[0, 1, 1, 1]]
