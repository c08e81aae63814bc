"""An exponential moving average of a network's weights, step by step."""

import torch
from torch import nn


@torch.no_grad()
def average(mean: nn.Module, live: nn.Module, decay: float) -> None:
    """Move the weights and statistics of ``mean`` towards those of ``live``; whole numbers are copied."""
    for old, new in zip(mean.state_dict().values(), live.state_dict().values(), strict=True):
        if old.is_floating_point():
            old.lerp_(new, 1 - decay)
        else:
            old.copy_(new)
