"""Models that are small, in float64, and closed forms of one of them."""

import pytest
import torch
from torch import Tensor, nn

from robust_core import zoo
from robust_core.data import digits


class Logistic(nn.Module):
    """Logits -z/2 and z/2 with z = w x + b: the cross-entropy is softplus(-y z) for y in {-1, 1}."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(64, 1, dtype=torch.float64)
        with torch.no_grad():
            self.layer.weight.normal_(generator=torch.Generator().manual_seed(0))

    def z(self, x: Tensor) -> Tensor:
        return self.layer(x.flatten(1))[:, 0]

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([-self.z(x), self.z(x)], 1) / 2


def tiny(activation: type[nn.Module] = nn.ReLU, norm: type[nn.Module] = nn.BatchNorm2d):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = nn.Sequential(
            *(nn.Conv2d(1, 4, 3, 2, 1, bias=False), norm(4), activation()),
            *(nn.Conv2d(4, 8, 3, 2, 1), norm(8), activation(), nn.Flatten(), nn.Linear(32, 10)),
        )
    return network.double()


@pytest.fixture
def logistic() -> Logistic:
    return Logistic()


@pytest.fixture
def model() -> nn.Module:
    """A fresh network with batch normalisation, in training mode."""
    return tiny()


@pytest.fixture
def smooth_model() -> nn.Module:
    """A network that can be differentiated as often as one likes, without batch normalisation."""
    return tiny(nn.Softplus, nn.Identity)


@pytest.fixture(scope="session")
def batch() -> tuple[Tensor, Tensor]:
    """24 digits in float64, moved away from the edges of [0, 1], and their labels."""
    images, labels = digits.load("train")
    return images[:24].double() * 0.6 + 0.2, labels[:24]


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


@pytest.fixture
def digits_network():
    """The network for digits with fresh weights."""
    return zoo.untrained("digits-cnn")
