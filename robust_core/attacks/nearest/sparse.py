"""L0: what it counts, how many change, and the nearest change of so many."""

from torch import Tensor

from robust_core.parameters import parameter

COUNTS = ("pixels", "values")


def counting_parameter(default: str = "pixels") -> str:
    """What L0 counts."""
    return parameter(
        default,
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


def together(values: Tensor, counted: str) -> Tensor:
    """``[N, M]``: the sum of a pixel's channels, or the single values."""
    if counted == "pixels" and values.ndim > 2:
        return values.flatten(2).sum(1)
    return values.flatten(1)


def everywhere(kept: Tensor, like: Tensor) -> Tensor:
    """What is true of each counted thing ``[N, M]``, for every value of pictures like these."""
    if kept.shape[1] == like.flatten(1).shape[1]:
        return kept.view_as(like)
    return kept.view(len(like), 1, *like.shape[2:])


def changes(change: Tensor, counted: str) -> Tensor:
    """How many pixels, or values, change at all: ``[N]``."""
    if counted == "pixels" and change.ndim > 2:
        return (each(change, counted) > 0).sum(1).to(change.dtype)
    return change.flatten(1).count_nonzero(1).to(change.dtype)


def onto_l0(change: Tensor, most: Tensor, counted: str) -> Tensor:
    """The nearest change of at most ``most`` ``[N]`` pixels, or values: the largest stay."""
    size = each(change, counted)
    number = int(most.max().clamp(1, size.shape[1]))
    largest = size.topk(number, dim=1).values
    place = most.long().clamp(1, number).unsqueeze(1) - 1
    last = largest.gather(1, place)
    kept = size >= last
    if (kept.sum(1) > most).any():  # of equal ones the first
        larger, tied = size > last, size == last
        tied &= tied.cumsum(1) <= most.unsqueeze(1) - larger.sum(1, keepdim=True)
        kept = larger | tied
    return change * everywhere(kept, change)
