"""The ledger: a hard cap on queries, the first success, and the curve of the best so far."""

import pytest
import torch

from robust_core import attacks
from robust_core.attacks.ledger import DISTANCE, MARGIN, Ledger

CPU = torch.device("cpu")
EVERY = torch.arange(2)


def numbers(*values: int) -> torch.Tensor:
    return torch.tensor(values)


def test_no_picture_is_asked_about_more_often_than_allowed():
    ledger = Ledger(2, CPU, limit=2)
    ledger.spend(None)
    ledger.spend(numbers(1))
    assert ledger.spent.tolist() == [1, 2]
    with pytest.raises(RuntimeError, match="its 2 queries"):
        ledger.spend(None)
    with pytest.raises(RuntimeError, match="its 2 queries"):
        ledger.spend(numbers(0, 0))


def test_the_curve_keeps_what_is_better_than_all_before():
    ledger = Ledger(2, CPU, limit=9)
    for query, margins in enumerate([(-2.0, -1.0), (-3.0, 1.0), (-0.5, 2.0), (0.5, 0.0)], 1):
        value = torch.tensor(margins)
        ledger.note(EVERY, numbers(query, query), value, value > 0)
    curve = ledger.curve()
    assert curve.what == MARGIN
    assert ledger.first.tolist() == [4, 2]
    assert [x.tolist() for x in curve.of(0)] == [[1, 3, 4], [-2.0, -0.5, 0.5]]
    assert [x.tolist() for x in curve.of(1)] == [[1, 2, 3], [-1.0, 1.0, 2.0]]
    assert curve.at([0, 2, 4]).tolist() == [[-torch.inf, -2.0, 0.5], [-torch.inf, 1.0, 2.0]]


def test_distances_fall():
    ledger = Ledger(2, CPU, limit=9)
    ledger.nearer(numbers(1), numbers(2), torch.tensor([3.0]))
    ledger.nearer(numbers(1), numbers(4), torch.tensor([4.0]))
    ledger.nearer(numbers(1, 1, 1), numbers(5, 6, 7), torch.tensor([1.0, 2.0, 0.5]))
    curve = ledger.curve()
    assert curve.what == DISTANCE
    assert ledger.first.tolist() == [-1, 2]
    assert curve.at([1, 2, 9]).tolist() == [[torch.inf] * 3, [torch.inf, 3.0, 0.5]]
    assert [x.tolist() for x in curve.of(1)] == [[2, 5, 7], [3.0, 1.0, 0.5]]


@pytest.mark.parametrize("most", [1, 2, 7, 50])
def test_square_asks_as_often_as_its_record_says_and_no_more(net, pictures, most):
    network, images, labels = net(), pictures(), torch.arange(6) % 5
    asked = []

    def counting(x):
        asked.append(len(x))
        return network(x)

    record = attacks.create("square", eps=0.05, max_queries=most).run(counting, images, labels)
    outside = 1  # the pass that tests the success
    assert sum(asked[:-outside]) == record.queries_forward.sum()
    assert (record.queries_forward <= most).all()
    first = record.queries_to_success
    assert ((first > 0) == record.success).all()
    assert (first[record.success] <= record.queries_forward[record.success]).all()


def test_an_attack_by_scores_takes_no_gradient(net, pictures):
    network, images, labels = net(), pictures(), torch.arange(6) % 5

    def without(x):
        assert not x.requires_grad
        assert not torch.is_grad_enabled()
        return network(x)

    attacks.create("square", eps=0.05, max_queries=20)(without, images, labels)
