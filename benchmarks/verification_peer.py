"""bound-propagation's bounds of our networks, for benchmarks/verification.py: it shares no line with ours.

It knows dense layers, one last layer for all pictures of a call, and intersects CROWN's intervals of
hidden neurons with those of IBP. So it gets what is between two ReLUs as a matrix, read off the model
itself by asking about unit vectors; one network for each label, whose last layer gives the margins; and,
where bounds are compared without the intersection, ReLUs that leave it out.
"""

import copy
import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # torch.jit.script, which it uses
    import bound_propagation
    from bound_propagation.activation import BoundReLU

NAME = "bound-propagation"
Layer = tuple[Tensor, Tensor]
"""Weight ``[out, in]`` and bias ``[out]``, float64."""


class Alone(BoundReLU):
    """A ReLU whose interval is CROWN's alone."""

    def set_relaxation(self, linear_bounds):
        self.alpha_beta(preactivation=linear_bounds.concretize())
        self.bounded = True


def read_off(model: nn.Module) -> list[Layer]:
    """The affine maps between the ReLUs of a ``Classifier`` whose network is a sequence of layers."""
    double = copy.deepcopy(model).double()
    parts: list[list[Callable[[Tensor], Tensor]]] = [[double.normalise]]
    for layer in double.network.layers:
        if isinstance(layer, nn.ReLU):
            parts.append([])
        else:
            parts[-1].append(layer)
    layers = []
    shape = (double.channels, *double.input_size)
    with torch.no_grad():
        for part in parts:
            width = torch.Size(shape).numel()
            asked = torch.cat([torch.zeros(1, width), torch.eye(width)]).double().view(-1, *shape)
            for step in part:
                asked = step(asked)
            shape = tuple(asked.shape[1:])
            bias, *_ = told = asked.flatten(1)
            layers.append(((told[1:] - bias).T.contiguous(), bias))
    return layers


def network(layers: list[Layer], label: int, intersected: bool) -> nn.Module:
    """Its network from flat pictures to the margins of ``label`` against the other classes, in order."""
    weight, bias = layers[-1]
    others = [j for j in range(len(bias)) if j != label]
    last = (weight[label] - weight[others], bias[label] - bias[others])
    steps: list[nn.Module] = []
    for weight, bias in [*layers[:-1], last]:
        dense = nn.Linear(*reversed(weight.shape), dtype=torch.float64).requires_grad_(False)
        dense.weight.copy_(weight)
        dense.bias.copy_(bias)
        steps += [dense, nn.ReLU()]
    factory = bound_propagation.BoundModelFactory(adaptive_relu=True)
    if not intersected:
        factory.register(nn.ReLU, Alone)
    return factory.build(nn.Sequential(*steps[:-1]))


def ibp(network: nn.Module, low: Tensor, high: Tensor) -> Tensor:
    """Lower bounds of the margins ``[N, K - 1]`` over boxes ``[N, P]``."""
    return network.ibp(bound_propagation.HyperRectangle(low, high)).lower


def crown(network: nn.Module, low: Tensor, high: Tensor) -> Tensor:
    """Lower bounds of the margins ``[N, K - 1]`` over boxes ``[N, P]``, by adaptive slopes."""
    region = bound_propagation.HyperRectangle(low, high)
    return network.crown(region, bound_upper=False).concretize().lower
