import torch

from robust_core.models import DigitsCNN


def test_shape():
    assert DigitsCNN()(torch.rand(3, 1, 8, 8)).shape == (3, 10)
