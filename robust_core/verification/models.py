"""The model that a verification is about: its layers, and its own answers."""

import torch
from torch import Tensor, nn

from robust_core.attacks.checks import check_logits
from robust_core.verification.building import Refusal
from robust_core.verification.network import Network
from robust_core.verification.tracing import compile_network

DISAGREES = 1e-3
"""Largest difference between the compiled network and the model, relative to the largest logit."""


def module_of(model: object) -> nn.Module:
    """``model`` itself. Raises ``ValueError`` for anything but a module."""
    if not isinstance(model, nn.Module):
        raise Refusal(
            f"model must be a torch module, whose layers can be read; got {type(model).__name__}"
        )
    return model


def compiled(model: nn.Module, images: Tensor) -> Network:
    """``model`` for pictures like ``images``, in float64, where it is certain that it is the same
    function.

    On the CPU, unless the model is on a CUDA device. Raises ``ValueError`` where it cannot be compiled,
    or gives other logits than its layers do.
    """
    network = compile_network(model, tuple(images.shape[1:]))
    place = images.device if images.device.type == "cuda" else torch.device("cpu")
    network = network.to(torch.float64, place)
    few = images[:4]
    theirs = asked(model, few)
    check_logits(theirs, few)
    ours = exact(network, few)
    scale = theirs.abs().max().clamp(min=1)
    if ours.shape != theirs.shape or not ((ours - theirs).abs().max() <= DISAGREES * scale):
        raise Refusal(
            "model cannot be compiled: it gives other logits than its layers one after another, so "
            "it does something between them that cannot be seen"
        )
    return network


def asked(model: nn.Module, images: Tensor) -> Tensor:
    """The model's own logits ``[N, K]`` in float64 on the CPU, asked in its own dtype."""
    first = next((p for p in model.parameters() if p.is_floating_point()), None)
    given = images if first is None else images.to(first.device, first.dtype)
    return model(given).detach().cpu().double()


def exact(network: Network, images: Tensor) -> Tensor:
    """The logits ``[N, K]`` of the compiled network, in float64 on the CPU."""
    device = images.device if images.device.type == "cuda" else torch.device("cpu")
    return network(images.to(device, torch.float64)).cpu()


def margin_of(logits: Tensor, labels: Tensor) -> Tensor:
    """The logit of the label minus the largest other one ``[N]``."""
    own = logits.gather(1, labels[:, None])
    return (own - logits.scatter(1, labels[:, None], -torch.inf)).amin(1)
