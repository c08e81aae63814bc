"""Saliency maps: the best of all pairs, whatever their number."""

import pytest
import torch

from robust_core.attacks.nearest.saliency import best_pair, most_salient


@pytest.mark.parametrize("whole", [True, False])
def test_the_best_pair_is_the_best_of_all_pairs(whole):
    generator = torch.Generator().manual_seed(0)
    for columns in range(2, 40):
        a, b = torch.randn(2, 8, columns, generator=generator).double().unbind()
        if whole:  # many ties
            a, b = a.mul(2).round(), b.mul(2).round()
        gain, loss = (x.unsqueeze(2) + x.unsqueeze(1) for x in (a, b))
        products = torch.where((gain > 0) & (loss > 0), gain * loss, 0)
        products.diagonal(dim1=1, dim2=2).zero_()
        p, q, helps = best_pair(a, b)
        most = products.flatten(1).amax(1)
        assert helps.equal(most > 0)
        assert products[torch.arange(8), p, q][helps].equal(most[helps])
        assert (p != q)[helps].all()


def test_a_value_that_cannot_move_is_not_picked():
    gain = torch.tensor([[5.0, 1.0, 0.0, 2.0]])
    loss = torch.tensor([[5.0, 1.0, 0.0, 1.0]])
    assert most_salient(gain, loss, "values", "pairs").tolist() == [[True, False, False, True]]
    gain[0, 0] = loss[0, 0] = 0
    assert most_salient(gain, loss, "values", "pairs").tolist() == [[False, True, False, True]]
    assert most_salient(gain, loss, "values", "single").tolist() == [[False, False, False, True]]
    assert not most_salient(-gain, loss, "values", "pairs").any()


def test_a_pair_may_hold_a_value_that_alone_would_not_help():
    gain = torch.tensor([[3.0, -1.0, 0.1]])
    loss = torch.tensor([[0.1, 4.0, 0.1]])
    assert most_salient(gain, loss, "values", "pairs").tolist() == [[True, True, False]]
    assert most_salient(gain, loss, "values", "single").tolist() == [[True, False, False]]
