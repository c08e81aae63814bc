"""Adversarial copies of the training pictures, made once before a training on both."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from robust_core import processes
from robust_core.training.checkpoint import damaged, read_shared, save_checkpoint
from robust_core.training.objectives.crafting import ascend, crafting_copy
from robust_core.training.pictures import Split, to_float
from robust_core.training.recipes import Recipe

PART = 250


def with_copies(
    model: nn.Module, data: Split, recipe: Recipe, *, folder: Path, seed: int, device: torch.device
) -> Split:
    """``data`` followed by FGSM copies of size ``recipe.objective.eps`` with the same labels.

    They are made on ``model`` and kept in ``folder/copies.pt``, which an interrupted training
    reuses. Copies of bytes are bytes, rounded. Raises ``ValueError`` where the file belongs to
    another recipe or seed.
    """
    images, labels = data
    path = folder / "copies.pt"
    state = read_shared(path, recipe, seed)
    if state is not None:
        copies = state.get("images")
        if not isinstance(copies, torch.Tensor) or copies.shape != images.shape:
            raise damaged(path)
    else:
        objective: Any = recipe.objective
        eps = objective.eps
        fast = crafting_copy(model)
        parts = []
        for clean, truth in zip(images.split(PART), labels.split(PART), strict=True):
            x = to_float(clean, device).contiguous(memory_format=torch.channels_last)
            x = ascend(fast, x, truth.to(device), eps=eps, step=eps).cpu()
            parts.append(x.mul_(255).round_().byte() if images.dtype == torch.uint8 else x)
        copies = torch.cat(parts).contiguous()
        state = {"recipe": asdict(recipe), "seed": seed, "images": copies}
        if processes.is_main():
            save_checkpoint(path, state)
    return torch.cat([images, copies]), torch.cat([labels, labels])
