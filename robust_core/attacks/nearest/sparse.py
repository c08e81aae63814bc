"""L0: what it counts, how many change, and the nearest change of so many."""

import torch
from torch import Tensor

from robust_core.parameters import parameter

COUNTS = ("pixels", "values")


def counting_parameter() -> str:
    """What L0 counts."""
    return parameter(
        "pixels",
        "What counts as one change: a pixel with all its channels, or a single value.",
        choices=COUNTS,
    )


def each(change: Tensor, counted: str, order: float = 2) -> Tensor:
    """The size of what L0 counts, ``[N, M]``, pixels or single values.

    That of a pixel is the norm of this ``order`` over its channels.
    """
    if counted == "pixels" and change.ndim > 2:
        return change.flatten(2).norm(order, dim=1)
    return change.flatten(1).abs()


def everywhere(kept: Tensor, like: Tensor) -> Tensor:
    """What is true of each counted thing ``[N, M]``, for every value of pictures like these."""
    if kept.shape[1] == like.flatten(1).shape[1]:
        return kept.view_as(like)
    return kept.view(len(like), 1, *like.shape[2:])


def changes(change: Tensor, counted: str) -> Tensor:
    """How many pixels, or values, change at all: ``[N]``."""
    return (each(change, counted) > 0).sum(1).to(change.dtype)


def onto_l0(change: Tensor, most: Tensor, counted: str) -> Tensor:
    """The nearest change of at most ``most`` ``[N]`` pixels, or values: the largest stay."""
    order = each(change, counted).sort(dim=1, descending=True, stable=True).indices
    place = torch.arange(order.shape[1], device=order.device)
    kept = torch.zeros_like(order, dtype=torch.bool).scatter_(1, order, place < most.unsqueeze(1))
    return change * everywhere(kept, change)
