"""Small networks whose insides are known."""

import pytest
import torch
from torch import nn

from robust_core.classifier import Classifier
from tests.zoo.own.networks import vit


@pytest.fixture
def transformer() -> Classifier:
    """A vision transformer of two blocks for 16 x 16, with four patches and random weights."""
    half = (0.5,) * 3
    return Classifier(vit(), class_names=(), input_size=(16, 16), mean=half, std=half).eval()


@pytest.fixture
def classifier():
    """``classifier(*layers, channels=3, size=(6, 5))``: the layers with random weights of a fixed seed."""

    def make(*layers: nn.Module, channels: int = 3, size=(6, 5)) -> Classifier:
        network = nn.Sequential(*layers).double()
        generator = torch.Generator().manual_seed(0)
        for weight in network.parameters():
            weight.data = torch.randn(weight.shape, generator=generator, dtype=torch.float64)
        model = Classifier(
            network,
            class_names=("a", "b", "c"),
            input_size=size,
            mean=(0.0,) * channels,
            std=(1.0,) * channels,
        )
        return model.double().eval().requires_grad_(False)

    return make
