"""The table of operators, and what their functions are given."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

ROOM = 2**24
"""Numbers in a tensor that is made of shapes alone, such as a mask: it is on the CPU and real."""


@dataclass(frozen=True)
class Settings:
    """The attributes of one operation, and the version of the operators."""

    attributes: dict[str, Any]
    opset: int

    def get(self, name: str, default: Any = None) -> Any:
        return self.attributes.get(name, default)


@dataclass(frozen=True)
class Operator:
    """``run(settings, *values)``, and which values decide the shape of its result.

    ``layer(settings, *constants)`` makes a layer of torch where all but the first value are constants of
    the file; None where that is no layer of torch's own.
    """

    run: Callable[..., Any]
    static: tuple[int, ...] = ()
    layer: Callable[..., nn.Module | None] | None = None


TABLE: dict[str, Operator] = {}


def operator(*names: str, static: tuple[int, ...] = ()) -> Callable[[Callable], Callable]:
    """Enter a function under ``names``; ``static``: values that it gets as lists of numbers."""

    def enter(run: Callable) -> Callable:
        for name in names:
            known = TABLE.get(name)
            TABLE[name] = Operator(run, static, known.layer if known else None)
        return run

    return enter


def layer(name: str) -> Callable[[Callable], Callable]:
    """Enter what makes a layer for an operator that has a function already, or has none."""

    def enter(make: Callable[..., nn.Module | None]) -> Callable:
        known = TABLE.get(name)
        TABLE[name] = Operator(known.run if known else _only_constant(name), (), make)
        return make

    return enter


def _only_constant(name: str) -> Callable[..., Any]:
    def run(settings: Settings, *values: Any) -> Any:
        raise ValueError(f"{name} is read with weights that the file holds, not with computed ones")

    return run


def room(shape: tuple[int, ...] | list[int]) -> list[int]:
    """``shape``. Raises ``ValueError`` where such a tensor would be too large, before there is one."""
    if any(d < 0 for d in shape):
        raise ValueError(f"it makes a tensor of shape {list(shape)}")
    if math.prod(shape) > ROOM:
        raise ValueError(
            f"it makes a tensor of {math.prod(shape):,} numbers for one picture; at most {ROOM:,} "
            "are allowed"
        )
    return list(shape)


def axis_list(settings: Settings, given: list[int] | None) -> list[int] | None:
    """``axes``, an attribute in older versions and a value in newer ones; None for all."""
    axes = given if given is not None else settings.get("axes")
    return None if axes is None else [int(a) for a in axes]


def moved(value: Any, like: Any) -> Any:
    """``value`` beside ``like``: a number stays on the CPU, which torch allows everywhere."""
    if isinstance(value, Tensor) and isinstance(like, Tensor) and value.ndim:
        return value.to(like.device)
    return value


def single(value: Any) -> Any:
    """A Python number for a tensor that holds one alone."""
    return value.item() if isinstance(value, Tensor) and value.ndim == 0 else value


FLOAT = torch.float32
