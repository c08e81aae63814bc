"""Small networks that can stand in for an unknown one: for pictures of any size, made from a seed."""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, relu
from torch.nn.utils import skip_init

HIDDEN = 200
COARSE = 4
"""Side of the map that the convolutions end in."""


def planes(x: Tensor) -> Tensor:
    """Pictures ``[n, C, H, W]``; each row of ``[n, D]`` as a picture of one line."""
    return x.reshape(len(x), -1, *(1, *x.shape[1:])[-2:])


class Perceptron(nn.Module):
    """Pictures ``[n, ...]`` in [0, 1] to logits ``[n, K]``, through two layers of 200."""

    def __init__(self, shape: torch.Size, classes: int) -> None:
        super().__init__()
        sizes = [math.prod(shape), HIDDEN, HIDDEN, classes]
        self.dense = nn.ModuleList(
            skip_init(nn.Linear, a, b, device="cpu", dtype=torch.float32)
            for a, b in pairwise(sizes)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1) - 0.5
        for layer in self.dense[:-1]:
            x = relu(layer(x))
        return self.dense[-1](x)


class Convolutions(nn.Module):
    """Pictures ``[n, ...]`` in [0, 1] to logits ``[n, K]``: strided down to 8 pixels a side, then dense."""

    def __init__(self, shape: torch.Size, classes: int) -> None:
        super().__init__()
        channels = shape[0] if len(shape) == 3 else 1
        halvings = max(0, math.ceil(math.log2(max(shape[-2:]) / (2 * COARSE))))
        layers = [(channels, 32, 1), *([(32, 64, 2)] if halvings else [(32, 64, 1)])]
        layers += [(64, 64, 2)] * (halvings - 1)
        self.convolutions = nn.ModuleList(
            skip_init(nn.Conv2d, a, b, 3, stride, 1, device="cpu", dtype=torch.float32)
            for a, b, stride in layers
        )
        self.dense = nn.ModuleList(
            skip_init(nn.Linear, a, b, device="cpu", dtype=torch.float32)
            for a, b in pairwise([64 * COARSE**2, 128, classes])
        )

    def forward(self, x: Tensor) -> Tensor:
        x = planes(x) - 0.5
        for layer in self.convolutions:
            x = relu(layer(x))
        x = adaptive_avg_pool2d(x, COARSE).flatten(1)
        return self.dense[1](relu(self.dense[0](x)))


NETWORKS: dict[str, type[nn.Module]] = {"cnn": Convolutions, "mlp": Perceptron}


def build(name: str, shape: torch.Size, classes: int, generator: torch.Generator) -> nn.Module:
    """A network of that name for pictures of that ``shape``; ``generator`` draws its weights.

    By He et al. (2015), "Delving deep into rectifiers", equation 10.
    """
    network = NETWORKS[name](shape, classes)
    for parameter in network.parameters():
        if parameter.ndim == 1:
            nn.init.zeros_(parameter)
        else:
            nn.init.kaiming_uniform_(parameter, nonlinearity="relu", generator=generator)
    return network
