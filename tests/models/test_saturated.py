"""The network of bounded units."""

import torch

from robust_core.models import SaturatedCNN


def test_units_and_logits():
    network = SaturatedCNN().eval()
    x = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    units = network.hidden(x)
    assert [tuple(u.shape[1:]) for u in units] == [
        *((32, 32, 32), (64, 16, 16), (64, 16, 16), (128, 8, 8), (128, 8, 8))
    ]
    assert all(u.abs().max() <= 1 for u in units)
    assert torch.equal(network(x), network.head(units[-1]))
    assert network(x).shape == (2, 10)
    assert sum(p.numel() for p in network.parameters()) == 279_466


def test_other_pictures():
    assert SaturatedCNN(1, (4, 8), classes=3)(torch.zeros(5, 1, 8, 8)).shape == (5, 3)
