"""Pictures for trainings of detectors that end in seconds."""

import pytest
import torch

from robust_core.data import cifar10


@pytest.fixture
def few_pictures(monkeypatch):
    """Twelve pictures that stand for CIFAR-10, for training and for testing."""
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (12, 3, 32, 32), dtype=torch.uint8, generator=generator)
    labels = torch.arange(12) % 10
    monkeypatch.setitem(vars(cifar10.RECORD), "read", lambda split, root: (pixels, labels))
