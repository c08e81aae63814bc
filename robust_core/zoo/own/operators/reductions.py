"""Operators that make one number of many, and normalisations."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core.zoo.own.operators.table import TABLE, Operator, Settings, axis_list, operator

REDUCTIONS: dict[str, Callable[..., Tensor]] = {
    "ReduceMean": torch.mean,
    "ReduceSum": torch.sum,
    "ReduceMax": torch.amax,
    "ReduceMin": torch.amin,
    "ReduceL2": lambda x, dim, keepdim: torch.sqrt(torch.sum(x * x, dim, keepdim=keepdim)),
    "ReduceL1": lambda x, dim, keepdim: torch.sum(torch.abs(x), dim, keepdim=keepdim),
}


def _reduction(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def run(settings: Settings, x: Tensor, axes: list[int] | None = None) -> Tensor:
        over = axis_list(settings, axes)
        if not over:
            if settings.get("noop_with_empty_axes"):
                return x
            over = list(range(x.ndim))
        return function(x, over, keepdim=bool(settings.get("keepdims", 1)))

    return run


TABLE.update({name: Operator(_reduction(f), (1,)) for name, f in REDUCTIONS.items()})


@operator("ReduceProd", static=(1,))
def product(settings: Settings, x: Tensor, axes: list[int] | None = None) -> Tensor:
    """Over one axis after another, as torch's."""
    over = axis_list(settings, axes) or list(range(x.ndim))
    keep = bool(settings.get("keepdims", 1))
    for axis in sorted((a % x.ndim for a in over), reverse=True):
        x = torch.prod(x, axis, keepdim=keep)
    return x


@operator("CumSum", static=(1,))
def running_sum(settings: Settings, x: Tensor, axis: int) -> Tensor:
    if settings.get("exclusive", 0) or settings.get("reverse", 0):
        raise ValueError("a running sum backwards, or without its own value, is not read")
    return torch.cumsum(x, axis)


@operator("LayerNormalization")
def layer_normalisation(
    settings: Settings, x: Tensor, scale: Tensor, bias: Tensor | None = None
) -> Tensor:
    axis = settings.get("axis", -1) % x.ndim
    return F.layer_norm(x, x.shape[axis:], scale, bias, settings.get("epsilon", 1e-5))


@operator("InstanceNormalization")
def instance_normalisation(settings: Settings, x: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    return F.instance_norm(x, weight=scale, bias=bias, eps=settings.get("epsilon", 1e-5))


@operator("GroupNormalization")
def group_normalisation(settings: Settings, x: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    """Up to version 20 one scale for each group, since then for each channel."""
    groups = settings.get("num_groups")
    if settings.opset < 21:
        each = x.shape[1] // groups
        scale, bias = scale.repeat_interleave(each), bias.repeat_interleave(each)
    return F.group_norm(x, groups, scale, bias, settings.get("epsilon", 1e-5))


@operator("LRN")
def local_response(settings: Settings, x: Tensor) -> Tensor:
    get = settings.get
    return F.local_response_norm(
        x, get("size"), get("alpha", 1e-4), get("beta", 0.75), get("bias", 1.0)
    )


@operator("LpNormalization")
def lp_normalisation(settings: Settings, x: Tensor) -> Tensor:
    return F.normalize(x, p=settings.get("p", 2), dim=settings.get("axis", -1), eps=0.0)


@operator("MatMul")
def matmul(settings: Settings, a: Any, b: Any) -> Tensor:
    return torch.matmul(a, b)


@operator("Gemm")
def gemm(settings: Settings, a: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    a = a.T if settings.get("transA", 0) else a
    b = b.T if settings.get("transB", 0) else b
    y = settings.get("alpha", 1.0) * (a @ b)
    return y if c is None else y + settings.get("beta", 1.0) * c


@operator("Einsum")
def einsum(settings: Settings, *values: Tensor) -> Tensor:
    return torch.einsum(settings.get("equation"), *values)
