"""Eval mode for a block, and each module's own mode afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def evaluating(model: object) -> Iterator[None]:
    """Every module of ``model`` in eval mode inside, each one's own mode restored afterwards.

    A model that is already in eval mode is not written to, so threads can share it.
    """
    training = _modules_in_training(model) if isinstance(model, nn.Module) else []
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True


def _modules_in_training(model: nn.Module) -> list[nn.Module]:
    """As ``[m for m in model.modules() if m.training]``, five times as fast: 1 % of an FGSM."""
    waiting: list[nn.Module | None] = [model]
    expanded: set[nn.Module] = set()
    training = []
    for module in waiting:  # the list grows while it is walked
        if module is None:
            continue
        if module.training:
            training.append(module)
        if module._modules and module not in expanded:
            expanded.add(module)
            waiting.extend(module._modules.values())
    return training
