"""Small networks whose insides are known."""

import pytest
import torch
from torch import nn

from robust_core.classifier import Classifier


@pytest.fixture
def transformer() -> Classifier:
    """A vision transformer of two blocks for 16 x 16, with 4 x 4 patches and random weights."""
    from torchvision.models import VisionTransformer

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = VisionTransformer(16, 4, num_layers=2, num_heads=2, hidden_dim=8, mlp_dim=16)
        nn.init.normal_(network.heads.head.weight)  # it begins with zeros, which look nowhere
    network.eval().requires_grad_(False)
    return Classifier(network, class_names=(), input_size=(16, 16), mean=(0.5,) * 3, std=(0.5,) * 3)


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
