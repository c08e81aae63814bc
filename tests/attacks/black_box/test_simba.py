"""SimBA's two ways along a direction: the first that helps, or the better of both."""

import pytest
import torch

from robust_core import attacks


def bowl(x):
    """Class 1 gains both ways from 0.5 in each value, forwards more than backwards."""
    d = x.flatten(1) - 0.5
    return torch.stack([torch.full_like(d[:, 0], 50.0), (d + 20 * d**2).sum(1)], 1)


def moved(**options):
    """By how much each value of two grey pictures of 2 x 2 has been changed."""
    images = torch.full((2, 1, 2, 2), 0.5)
    record = attacks.create("simba", step_size=0.2, **options).run(
        bowl, images, torch.zeros(2, dtype=torch.int64)
    )
    return (record.x_adv - images).flatten(1), record


def test_the_first_way_that_helps_is_kept():
    change, record = moved(max_queries=100)
    assert torch.allclose(change, torch.full_like(change, -0.2))
    assert record.queries_forward.tolist() == [5, 5]


def test_of_both_ways_the_better_is_kept():
    change, record = moved(max_queries=100, both_ways=True)
    assert torch.allclose(change, torch.full_like(change, 0.2))
    assert record.queries_forward.tolist() == [9, 9]


def test_a_budget_that_ends_between_the_ways_keeps_the_first():
    change, _ = moved(max_queries=4, both_ways=True)
    assert sorted(change[0].tolist()) == pytest.approx([-0.2, 0, 0, 0.2])


@pytest.mark.parametrize("name", ["simba", "simba-dct"])
def test_where_one_way_alone_helps_both_end_alike(name):
    """On a linear model; clipping undoes some moves of pictures with values of 0 and 1."""
    draw = torch.Generator().manual_seed(0)
    weight = torch.randn(16, generator=draw, dtype=torch.float64)
    images = torch.rand(5, 1, 4, 4, generator=draw, dtype=torch.float64).mul_(2).clamp_(0, 1)

    def model(x):
        value = x.flatten(1) @ weight
        return torch.stack([value + 100, -value], 1)

    labels = torch.zeros(5, dtype=torch.int64)
    ends = [
        attacks.create(name, step_size=0.01, both_ways=both).run(model, images, labels)
        for both in (False, True)
    ]
    assert torch.equal(ends[0].x_adv, ends[1].x_adv)
    assert (ends[0].queries_forward <= ends[1].queries_forward).all()
    assert ends[0].queries_forward.sum() < ends[1].queries_forward.sum()
    assert (ends[1].queries_forward <= 2 * 16 + 1).all()
