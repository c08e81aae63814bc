"""Affine maps between activations of one picture each, as bounds need them: forward, spread, and backward.

Each map knows the shapes of one picture before and after, ``[C, H, W]`` or ``[F]``. ``x`` and ``rows``
have a batch axis in front. Weights are used as they are given, in their dtype: bounds have gradients for
them.
"""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

Shape = tuple[int, ...]


class Affine(Protocol):
    """``x -> W x + b``."""

    @property
    def before(self) -> Shape: ...
    @property
    def after(self) -> Shape: ...

    def __call__(self, x: Tensor) -> Tensor:
        """``W x + b``, ``[N, *after]``."""

    def linear(self, x: Tensor) -> Tensor:
        """``W x``, ``[N, *after]``."""

    def spread(self, radius: Tensor) -> Tensor:
        """``|W| radius``, ``[N, *after]``: how far the result may move where ``x`` moves by ``radius``."""

    def back(self, rows: Tensor) -> Tensor:
        """``rows W``, ``[R, *before]``, of linear forms ``[R, *after]`` in the result."""

    def constant(self, rows: Tensor) -> Tensor:
        """``rows b``, ``[R]``."""


def of_bias(rows: Tensor, bias: Tensor | None) -> Tensor:
    """The part of linear forms ``[R, C, ...]`` that a bias ``[C]`` gives, ``[R]``."""
    if bias is None:
        return rows.new_zeros(len(rows))
    return (rows.flatten(2).sum(2) if rows.ndim > 2 else rows) @ bias


@dataclass(frozen=True, eq=False)
class Dense:
    """A fully connected layer: weight ``[out, in]``, bias ``[out]`` or None."""

    weight: Tensor
    bias: Tensor | None

    @property
    def before(self) -> Shape:
        return (self.weight.shape[1],)

    @property
    def after(self) -> Shape:
        return (self.weight.shape[0],)

    def __call__(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)

    def linear(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight)

    def spread(self, radius: Tensor) -> Tensor:
        return F.linear(radius, self.weight.abs())

    def back(self, rows: Tensor) -> Tensor:
        return rows @ self.weight

    def constant(self, rows: Tensor) -> Tensor:
        return of_bias(rows, self.bias)


@dataclass(frozen=True, eq=False)
class Convolution:
    """A convolution with zero padding: weight ``[out, in / groups, h, w]``, bias ``[out]`` or None.

    Pooling by averages, and taking one pixel of each window, are convolutions too.
    """

    weight: Tensor
    bias: Tensor | None
    before: Shape
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1

    @cached_property
    def after(self) -> Shape:
        return (self.weight.shape[0], *(size for size, _ in map(self._size, (0, 1))))

    def _size(self, axis: int) -> tuple[int, int]:
        """The size of the result along an axis, and how many pixels at the end no window reaches."""
        window = self.dilation[axis] * (self.weight.shape[2 + axis] - 1) + 1
        steps, left = divmod(
            self.before[1 + axis] + 2 * self.padding[axis] - window, self.stride[axis]
        )
        return steps + 1, left

    def _forward(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return F.conv2d(x, weight, bias, self.stride, self.padding, self.dilation, self.groups)

    def __call__(self, x: Tensor) -> Tensor:
        return self._forward(x, self.weight, self.bias)

    def linear(self, x: Tensor) -> Tensor:
        return self._forward(x, self.weight, None)

    def spread(self, radius: Tensor) -> Tensor:
        return self._forward(radius, self.weight.abs(), None)

    def back(self, rows: Tensor) -> Tensor:
        left = tuple(left for _, left in map(self._size, (0, 1)))
        return F.conv_transpose2d(
            rows, self.weight, None, self.stride, self.padding, left, self.groups, self.dilation
        )

    def constant(self, rows: Tensor) -> Tensor:
        return of_bias(rows, self.bias)


@dataclass(frozen=True, eq=False)
class Scale:
    """``factor x + shift``, value by value; both of a shape that broadcasts to that of a picture."""

    factor: Tensor
    shift: Tensor
    before: Shape

    @property
    def after(self) -> Shape:
        return self.before

    def __call__(self, x: Tensor) -> Tensor:
        return x * self.factor + self.shift

    def linear(self, x: Tensor) -> Tensor:
        return x * self.factor

    def spread(self, radius: Tensor) -> Tensor:
        return radius * self.factor.abs()

    def back(self, rows: Tensor) -> Tensor:
        return rows * self.factor

    def constant(self, rows: Tensor) -> Tensor:
        return (rows * self.shift).flatten(1).sum(1)


@dataclass(frozen=True, eq=False)
class Reshape:
    """The same values in another shape."""

    before: Shape
    after: Shape

    def __call__(self, x: Tensor) -> Tensor:
        return x.reshape(len(x), *self.after)

    linear = spread = __call__

    def back(self, rows: Tensor) -> Tensor:
        return rows.reshape(len(rows), *self.before)

    def constant(self, rows: Tensor) -> Tensor:
        return rows.new_zeros(len(rows))


def folded(first: Affine, scale: Scale) -> Affine | None:
    """``scale`` after a dense layer or a convolution as one map; None unless it has one value a channel."""
    if not isinstance(first, Dense | Convolution):
        return None
    channels = first.after[0]
    values = []
    for part in (scale.factor, scale.shift):
        if part.numel() not in (1, channels) or (part.numel() > 1 and part.shape[0] != channels):
            return None
        values.append(part.flatten().expand(channels))
    factor, shift = values
    weight = first.weight * factor.view(-1, *[1] * (first.weight.ndim - 1))
    bias = shift if first.bias is None else first.bias * factor + shift
    if isinstance(first, Dense):
        return Dense(weight, bias)
    return Convolution(
        weight, bias, first.before, first.stride, first.padding, first.dilation, first.groups
    )


def cast(affine: Affine, dtype: torch.dtype, device: torch.device | None = None) -> Affine:
    """The same map in another dtype, on another device."""
    changes = {
        f.name: value.to(device or value.device, dtype)
        for f in fields(affine)  # type: ignore[arg-type]  # all maps are dataclasses
        if isinstance(value := getattr(affine, f.name), Tensor)
    }
    return replace(affine, **changes) if changes else affine  # type: ignore[type-var]
