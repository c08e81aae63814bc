"""Adversarial pictures for a training step: cheap, as each is used only once.

They are crafted on the network in eval mode, as TRADES does (Zhang et al., 2019); Pang et al. (2021,
"Bag of Tricks for Adversarial Training") found eval mode no worse in robustness and a little better in
clean accuracy than crafting on batch statistics. In eval mode a batch normalisation folds into the
convolution before it, so that a crafting pass takes little more than half the time; and the running
statistics stay those of the pictures that are trained on.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from robust_core.training.objectives.base import Rows, logits

Model = TypeVar("Model", bound=nn.Module)


class FoldedCopy:
    """A frozen copy of a model in eval mode, its batch normalisations folded into convolutions.

    ``refresh`` copies the model's current weights and statistics.
    """

    def __init__(self, model: nn.Module) -> None:
        self.copy = deepcopy(model).eval()
        self.pairs = _pairs(model)
        for conv, norm in self.pairs:
            layer = self.copy.get_submodule(conv)
            if layer.bias is None:
                layer.bias = nn.Parameter(layer.weight.new_zeros(layer.out_channels))
            self.copy.set_submodule(norm, nn.Identity())
        self.copy.requires_grad_(False)
        self.tensors = self.copy.state_dict()
        folded = {f"{conv}.{part}" for conv, _ in self.pairs for part in ("weight", "bias")}
        self.plain = [name for name in self.tensors if name not in folded]

    @torch.no_grad()
    def refresh(self, model: nn.Module) -> nn.Module:
        state = model.state_dict()
        for name in self.plain:
            self.tensors[name].copy_(state[name])
        for conv, norm in self.pairs:
            layer: Any = model.get_submodule(norm)  # batch normalisation
            scale = layer.weight * torch.rsqrt(layer.running_var + layer.eps)
            weight = state[f"{conv}.weight"]
            bias = state.get(f"{conv}.bias", 0)
            self.tensors[f"{conv}.weight"].copy_(weight * scale.view(-1, 1, 1, 1))
            self.tensors[f"{conv}.bias"].copy_(layer.bias + (bias - layer.running_mean) * scale)
        return self.copy


_copies: WeakKeyDictionary[nn.Module, FoldedCopy] = WeakKeyDictionary()


def crafting_copy(model: Model) -> Model:
    """``model`` as it is now, frozen, in eval mode and fast; the same object at each call, refreshed.

    ``model`` itself is not touched: neither its mode nor its statistics.
    """
    if model not in _copies:
        _copies[model] = FoldedCopy(model)
    return cast(Model, _copies[model].refresh(model))


def _pairs(model: nn.Module) -> list[tuple[str, str]]:
    """Names of convolutions and of the batch normalisations that alone read them; none if untraceable."""
    try:
        graph = fx.symbolic_trace(model).graph
    except (fx.proxy.TraceError, TypeError):  # control flow that depends on the picture
        return []
    layers = dict(model.named_modules())
    found = []
    for node in graph.nodes:
        if node.op != "call_module" or not isinstance(layers[node.target], nn.BatchNorm2d):
            continue
        before = node.args[0]
        norm = layers[node.target]
        convolution = before.op == "call_module" and isinstance(layers[before.target], nn.Conv2d)
        if convolution and len(before.users) == 1 and norm.affine and norm.track_running_stats:
            found.append((before.target, node.target))
    return found


def input_gradient(model: Callable[[Tensor], Tensor], images: Tensor, labels: Tensor) -> Tensor:
    """The gradient of each picture's own cross-entropy with respect to the picture ``[N, C, H, W]``."""
    x = images.detach().requires_grad_()
    loss = F.cross_entropy(logits(model, x), labels, reduction="sum")
    return torch.autograd.grad(loss, x)[0]


def uniform(images: Tensor, generator: torch.Generator, rows: Rows | None = None) -> Tensor:
    """Uniform numbers from -1 to 1, one for each value of ``images``, ``rows`` of a whole batch."""
    drawn = _like(images, generator, rows).uniform_(-1, 1, generator=generator)
    return (rows.of(drawn) if rows else drawn).to(images.device)


def normal(images: Tensor, generator: torch.Generator, rows: Rows | None = None) -> Tensor:
    """Standard normal numbers, one for each value of ``images``, ``rows`` of a whole batch."""
    drawn = _like(images, generator, rows).normal_(generator=generator)
    return (rows.of(drawn) if rows else drawn).to(images.device)


def _like(images: Tensor, generator: torch.Generator, rows: Rows | None) -> Tensor:
    """Room for numbers in the memory order of ``images``, in which they are drawn."""
    if rows is None:
        return torch.empty_like(images, device=generator.device)
    last = images.is_contiguous(memory_format=torch.channels_last)
    return torch.empty(
        (rows.whole, *images.shape[1:]),
        dtype=images.dtype,
        device=generator.device,
        memory_format=torch.channels_last if last else torch.contiguous_format,
    )


def ascend(
    model: Callable[[Tensor], Tensor],
    images: Tensor,
    labels: Tensor,
    *,
    eps: float | Tensor,
    step: float | Tensor,
    steps: int = 1,
    start: Tensor | None = None,
) -> Tensor:
    """Pictures within ``eps`` (Linf) of ``images`` and in [0, 1], with a higher loss.

    ``steps`` steps of size ``step`` along the sign of the gradient from ``images + start``; after each,
    back into the ball and into [0, 1]. A negative ``step`` descends.
    """
    x = images if start is None else (images + start).clamp(0, 1)
    for _ in range(steps):
        x = x + step * input_gradient(model, x, labels).sign()
        x = torch.minimum(torch.maximum(x, images - eps), images + eps).clamp_(0, 1)
    return x
