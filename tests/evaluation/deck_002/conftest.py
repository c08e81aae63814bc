"""A small classifier whose channels have different deviations, and pictures that it gets right."""

import pytest
import torch
from torch import nn

from robust_core.classifier import Classifier
from robust_core.evaluation.deck_002.sample import Sample

STD = (0.1, 0.2, 0.4)


@pytest.fixture(scope="package")
def toy():
    """Six classes, 6 x 6 pictures; smooth, so that more steps find more."""
    torch.manual_seed(3)
    network = nn.Sequential(nn.Flatten(), nn.Linear(108, 24), nn.Tanh(), nn.Linear(24, 6))
    network[1].weight.data.div_(4)
    return Classifier(
        network.eval().requires_grad_(False),
        name="toy",
        class_names=tuple("abcdef"),
        input_size=(6, 6),
        mean=(0.5, 0.5, 0.5),
        std=STD,
    )


@pytest.fixture(scope="package")
def sample(toy):
    """Twelve pictures with the toy's own answers as their labels."""
    images = 0.3 + 0.4 * torch.rand(12, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    return Sample(images, toy(images).argmax(1), {}, 12, "toys")
