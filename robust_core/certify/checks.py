"""What a certificate rejects, in sentences that name the argument and what is allowed."""

import math
import operator
from collections.abc import Sequence

from torch import Tensor


def whole(name: str, value: object, low: int, high: int | None = None) -> int:
    """``value`` as an int; ``ValueError`` unless it is a whole number from ``low`` to ``high``."""
    allowed = f"from {low} to {high}" if high is not None else f"of {low} or more"
    try:
        number = operator.index(value)  # type: ignore[arg-type]  # also takes those of numpy, torch
    except TypeError:
        number = None
    if number is None or number < low or (high is not None and number > high):
        raise ValueError(f"{name} must be a whole number {allowed}; got {value!r}")
    return number


def within(name: str, value: object, low: float, high: float = math.inf) -> float:
    """``value`` as a float; ``ValueError`` unless it is finite and from ``low`` to ``high``."""
    return _number(name, value, low, high, open_ends=False)


def between(name: str, value: object, low: float, high: float = math.inf) -> float:
    """``value`` as a float; ``ValueError`` unless it is above ``low`` and below ``high``."""
    return _number(name, value, low, high, open_ends=True)


def _number(name: str, value: object, low: float, high: float, open_ends: bool) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError, RuntimeError):  # the last two: huge; a tensor
        number = math.nan
    inside = low < number < high if open_ends else low <= number <= high
    if not inside or math.isinf(number) or isinstance(value, str):
        words = ("above", "below") if open_ends else ("of at least", "at most")
        end = "" if math.isinf(high) else f" and {words[1]} {high:g}"
        raise ValueError(f"{name} must be a number {words[0]} {low:g}{end}; got {value!r}")
    return number


def votes_of(name: str, counts: Sequence[int] | Tensor) -> tuple[int, ...]:
    """Counts ``[K]`` as ints; ``ValueError`` unless there are at least two classes and one vote."""
    values = counts.tolist() if isinstance(counts, Tensor) else counts
    try:
        votes = tuple(whole(name, value, 0) for value in values)
    except TypeError:  # one number
        votes = ()
    if len(votes) < 2 or sum(votes) < 1:
        raise ValueError(
            f"{name} must be the votes [K] for at least 2 classes, with at least 1 vote; got {counts!r}"
        )
    return votes
