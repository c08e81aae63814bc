"""What a network sees in a picture, layer by layer, and its style: Gram matrices (Gatys et al., 2016).

A network with stages (``models.staged``) is walked along; any other module is copied, and hooks on the copy
record its convolutions. (Hooks on a shared network would mix up the threads' queries.)
"""

import copy
from collections.abc import Callable
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

Features = Callable[[Tensor], list[Tensor]]


def features_of(model: nn.Module, layers: int = 4) -> Features:
    """Activations ``[N, C_l, H_l, W_l]`` of pictures ``[N, C, H, W]`` at up to ``layers`` depths, in order.

    The depths are spread evenly. Raises ``ValueError`` for a model that is not a module or has no
    convolution.
    """
    if not isinstance(model, nn.Module):
        raise ValueError(
            f"model must be a torch module, whose features can be seen; got {type(model).__name__}"
        )
    network: Any = getattr(model, "network", model)
    if hasattr(network, "walk"):
        return _walked(model, network, layers)
    return _Listener(model, layers)


def _walked(model: Any, network: Any, layers: int) -> Features:
    normalise = getattr(model, "normalise", lambda x: x)
    chosen = _spread(network.attachment_points[1:], layers)

    def features(images: Tensor) -> list[Tensor]:
        return [x for point, x in network.walk(normalise(images)) if point in chosen]

    return features


class _Listener:
    """A copy of the model in eval mode, with its own hooks."""

    def __init__(self, model: nn.Module, layers: int) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.found: list[Tensor] = []
        convolutions = [m for m in self.model.modules() if isinstance(m, nn.Conv2d)]
        if not convolutions:
            raise ValueError("model must have convolutions, whose activations are its features")
        for one in _spread(convolutions, layers):
            one.register_forward_hook(self._hear)

    def _hear(self, module: nn.Module, given: object, answer: Tensor) -> None:
        self.found.append(F.relu(answer))  # not in place: what follows sees it as it was

    def __call__(self, images: Tensor) -> list[Tensor]:
        self.found.clear()
        self.model(images)
        found = list(self.found)
        self.found.clear()
        return found


def _spread(items: list | tuple, count: int) -> list:
    """``count`` of the items, evenly, the last among them."""
    n = min(count, len(items))
    return [items[len(items) * (k + 1) // n - 1] for k in range(n)]


def gram(activation: Tensor, area: Tensor | None = None) -> Tensor:
    """Gram matrix ``[N, C, C]`` of ``[N, C, H, W]``, over C times the places that count.

    ``area`` ``[1 or N, 1, h, w]`` in [0, 1], brought to the activation's size, says how much a place counts
    (None: all alike). Independent of the size of picture and area.
    """
    channels = activation.shape[1]
    weight = activation.new_ones(1, 1, *activation.shape[2:])
    if area is not None:
        weight = F.interpolate(area.to(activation), activation.shape[2:], mode="area")
    seen = (activation * weight.sqrt()).flatten(2)
    places = weight.flatten(1).sum(1).clamp_min(1e-6)
    return seen @ seen.mT / (channels * places).view(-1, 1, 1)
