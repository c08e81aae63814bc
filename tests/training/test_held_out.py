"""Pictures that are set aside: none is lost or doubled, and groups stay whole."""

import pytest
import torch

from robust_core.training.held_out import split_held_out

LABELS = torch.arange(500) // 50
DATA = (torch.arange(500), LABELS)
GROUPS = torch.arange(500) // 10
"""Ten classes, each with five groups of ten pictures."""


@pytest.mark.parametrize(("groups", "number"), [(None, 147), (GROUPS, 200)])
def test_nothing_is_lost_or_doubled_and_the_seed_decides(groups, number):
    kept, aside = split_held_out(DATA, number, 0, groups)
    assert (len(kept[1]), len(aside[1])) == (500 - number, number)
    rows = torch.cat([kept[0], aside[0]])
    assert rows.sort().values.tolist() == DATA[0].tolist()
    assert torch.equal(torch.cat([kept[1], aside[1]]), LABELS[rows])
    again, other = (split_held_out(DATA, number, seed, groups)[1][0] for seed in (0, 1))
    assert torch.equal(aside[0], again)
    assert not torch.equal(aside[0], other)


def test_none_at_all():
    assert split_held_out(DATA, 0, seed=0, groups=GROUPS) == (DATA, None)


@pytest.mark.parametrize(("number", "each"), [(1, 1), (100, 1), (200, 2), (260, 3), (500, 4)])
def test_of_each_class_the_same_share_of_groups_at_least_one_and_never_all(number, each):
    kept, aside = split_held_out(DATA, number, 0, GROUPS)
    assert not set(GROUPS[kept[0]].tolist()) & set(GROUPS[aside[0]].tolist())
    assert aside[1].bincount(minlength=10).tolist() == [10 * each] * 10
