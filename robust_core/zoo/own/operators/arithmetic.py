"""Operators that take each number by itself: sums, activations, comparisons, choices."""

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from robust_core.zoo.own.operators.table import TABLE, Operator, Settings, layer, operator

UNARY: dict[str, Callable[[Tensor], Tensor]] = {
    "Neg": torch.neg,
    "Abs": torch.abs,
    "Sqrt": torch.sqrt,
    "Exp": torch.exp,
    "Log": torch.log,
    "Erf": torch.erf,
    "Reciprocal": torch.reciprocal,
    "Floor": torch.floor,
    "Ceil": torch.ceil,
    "Sign": torch.sign,
    "Sin": torch.sin,
    "Cos": torch.cos,
    "Not": torch.logical_not,
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
    "Softplus": F.softplus,
    "Softsign": F.softsign,
    "HardSwish": F.hardswish,
    "Mish": F.mish,
    "Relu": F.relu,
}
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "Add": torch.add,
    "Sub": torch.sub,
    "Mul": torch.mul,
    "Pow": torch.pow,
    "Equal": torch.eq,
    "Less": torch.lt,
    "LessOrEqual": torch.le,
    "Greater": torch.gt,
    "GreaterOrEqual": torch.ge,
    "And": torch.logical_and,
    "Or": torch.logical_or,
}


def _unary(function: Callable[[Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda settings, x: function(x)


def _binary(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda settings, a, b: function(a, b)


TABLE.update({name: Operator(_unary(function)) for name, function in UNARY.items()})
TABLE.update({name: Operator(_binary(function)) for name, function in BINARY.items()})


@layer("Relu")
def relu(settings: Settings) -> nn.Module:
    return nn.ReLU()


@operator("Div")
def div(settings: Settings, a: Any, b: Any) -> Any:
    """Whole numbers are divided towards zero."""
    whole = all(isinstance(x, Tensor) and not x.is_floating_point() for x in (a, b))
    return torch.div(a, b, rounding_mode="trunc") if whole else torch.div(a, b)


@operator("Mod")
def mod(settings: Settings, a: Tensor, b: Tensor) -> Tensor:
    """The sign is the divisor's, as Python's; with ``fmod`` the dividend's."""
    return torch.fmod(a, b) if settings.get("fmod") else torch.remainder(a, b)


@operator("Max")
def largest(settings: Settings, *values: Tensor) -> Tensor:
    return reduce(torch.maximum, values)


@operator("Min")
def least(settings: Settings, *values: Tensor) -> Tensor:
    return reduce(torch.minimum, values)


@operator("Sum")
def total(settings: Settings, *values: Tensor) -> Tensor:
    return reduce(torch.add, values)


@operator("Where")
def where(settings: Settings, condition: Tensor, a: Tensor, b: Tensor) -> Tensor:
    return torch.where(condition, a, b)


@operator("Clip", static=(1, 2))
def clip(settings: Settings, x: Tensor, low: Any = None, high: Any = None) -> Tensor:
    """Bounds are attributes up to version 10, and values since."""
    low = settings.get("min") if low is None else low
    high = settings.get("max") if high is None else high
    return x if low is None and high is None else torch.clamp(x, low, high)


@operator("Cast", "CastLike")
def cast(settings: Settings, x: Tensor, like: Tensor | None = None) -> Tensor:
    """All kinds of floats are float32 here, and all kinds of whole numbers int64."""
    kind = settings.get("to")
    floats = (
        kind in (1, 10, 11, 16)
        if kind is not None
        else like is not None and like.is_floating_point()
    )
    if floats:
        return x.to(torch.float32)
    return x.to(torch.bool if kind == 9 else torch.int64)


@operator("LeakyRelu")
def leaky(settings: Settings, x: Tensor) -> Tensor:
    return F.leaky_relu(x, settings.get("alpha", 0.01))


@operator("PRelu")
def prelu(settings: Settings, x: Tensor, slope: Tensor) -> Tensor:
    return torch.where(x < 0, slope * x, x)


@operator("Elu")
def elu(settings: Settings, x: Tensor) -> Tensor:
    return F.elu(x, settings.get("alpha", 1.0))


@operator("Selu")
def selu(settings: Settings, x: Tensor) -> Tensor:
    alpha, gamma = settings.get("alpha", 1.6732632), settings.get("gamma", 1.0507010)
    return gamma * torch.where(x > 0, x, alpha * torch.expm1(x))


@operator("Celu")
def celu(settings: Settings, x: Tensor) -> Tensor:
    return F.celu(x, settings.get("alpha", 1.0))


@operator("HardSigmoid")
def hard_sigmoid(settings: Settings, x: Tensor) -> Tensor:
    return torch.clamp(settings.get("alpha", 0.2) * x + settings.get("beta", 0.5), 0, 1)


@operator("Gelu")
def gelu(settings: Settings, x: Tensor) -> Tensor:
    return F.gelu(x, approximate=settings.get("approximate", "none"))


@operator("Softmax")
def softmax(settings: Settings, x: Tensor) -> Tensor:
    """Up to version 12 over all axes from ``axis`` on, which is 1 by default."""
    return _over(settings, x, F.softmax)


@operator("LogSoftmax")
def log_softmax(settings: Settings, x: Tensor) -> Tensor:
    return _over(settings, x, F.log_softmax)


def _over(settings: Settings, x: Tensor, function: Callable[..., Tensor]) -> Tensor:
    if settings.opset >= 13:
        return function(x, dim=settings.get("axis", -1))
    axis = settings.get("axis", 1) % x.ndim
    flat = x.reshape(*x.shape[:axis], math.prod(x.shape[axis:]))
    return function(flat, dim=axis).reshape(x.shape)
