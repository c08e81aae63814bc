"""How each kind of layer is written with affine maps and ReLUs."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from robust_core.verification.affine import Convolution, Dense
from robust_core.verification.building import Builder, Refusal

Pair = tuple[int, int]


def pair(value: Any) -> Pair:
    """Height and width of what torch writes as one number or two."""
    first, second = value if isinstance(value, list | tuple) else (value, value)
    return int(first), int(second)


def window(builder: Builder, channels: int, size: Pair, weights: dict[Pair, float]) -> Tensor:
    """The kernel ``[C, 1, h, w]`` of a convolution of each channel alone, with ``weights`` by place."""
    kernel = torch.zeros(size, dtype=torch.float32, device=builder.example().device)
    for place, weight in weights.items():
        kernel[place] = weight
    return kernel.to(builder.example().dtype).expand(channels, 1, *size).contiguous()


def dense(builder: Builder, name: str, value: int, layer: nn.Linear) -> int:
    return builder.affine(name, value, Dense(layer.weight, layer.bias))


def convolution(builder: Builder, name: str, value: int, layer: nn.Conv2d) -> int:
    if layer.padding_mode != "zeros":
        raise Refusal(f"{name} cannot be compiled: its padding is {layer.padding_mode}, not zeros")
    size, dilation = pair(layer.kernel_size), pair(layer.dilation)
    padding = layer.padding
    if padding == "valid":
        padding = (0, 0)
    elif padding == "same":
        ends = [d * (k - 1) for d, k in zip(dilation, size, strict=True)]
        if any(end % 2 for end in ends):
            raise Refusal(f"{name} cannot be compiled: its padding differs from side to side")
        padding = (ends[0] // 2, ends[1] // 2)
    shape = builder.shape_of(value)
    if len(shape) != 3 or shape[0] != layer.in_channels:
        raise Refusal(f"{name} takes {layer.in_channels} channels; it is given {list(shape)}")
    return builder.affine(
        name,
        value,
        Convolution(
            layer.weight,
            layer.bias,
            shape,
            pair(layer.stride),
            pair(padding),
            dilation,
            layer.groups,
        ),
    )


def batch_norm(builder: Builder, name: str, value: int, layer: Any) -> int:
    """With its running statistics, as in eval mode."""
    if layer.running_mean is None:
        raise Refusal(
            f"{name} cannot be compiled: it has no running statistics, so a picture's answer depends on "
            "the other pictures of its batch"
        )
    factor = torch.rsqrt(layer.running_var.double() + layer.eps).to(layer.running_var.dtype)
    if layer.affine:
        factor = factor * layer.weight
    shift = -layer.running_mean * factor + (layer.bias if layer.affine else 0)
    ones = [1] * (len(builder.shape_of(value)) - 1)
    return builder.scale(name, value, factor.view(-1, *ones), shift.view(-1, *ones))


def relu(builder: Builder, name: str, value: int, layer: nn.Module) -> int:
    return builder.relu(name, value)


def identity(builder: Builder, name: str, value: int, layer: nn.Module) -> int:
    return value


def flatten(builder: Builder, name: str, value: int, layer: nn.Flatten) -> int:
    shape = builder.shape_of(value)
    if layer.start_dim != 1 or layer.end_dim not in (-1, len(shape)):
        raise Refusal(f"{name} cannot be compiled: it must flatten all axes but the first")
    return builder.reshape(name, value, (torch.Size(shape).numel(),))


def pool_of_averages(
    builder: Builder, name: str, value: int, size: Any, stride: Any, padding: Any
) -> int:
    """The mean of each window, zeros of the padding included."""
    shape, kernel = builder.shape_of(value), pair(size)
    places = {
        (i, j): 1 / (kernel[0] * kernel[1]) for i in range(kernel[0]) for j in range(kernel[1])
    }
    weight = window(builder, shape[0], kernel, places)
    step, sides = pair(stride), pair(padding)
    return builder.affine(
        name, value, Convolution(weight, None, shape, step, sides, groups=shape[0])
    )


def average_pool(builder: Builder, name: str, value: int, layer: nn.AvgPool2d) -> int:
    padding = pair(layer.padding)
    if (
        layer.ceil_mode
        or layer.divisor_override
        or (padding != (0, 0) and not layer.count_include_pad)
    ):
        raise Refusal(
            f"{name} cannot be compiled: its windows at the border are not averages of all"
        )
    return pool_of_averages(builder, name, value, layer.kernel_size, layer.stride, padding)


def adaptive_pool(builder: Builder, name: str, value: int, layer: nn.AdaptiveAvgPool2d) -> int:
    shape = builder.shape_of(value)
    before = (shape[1], shape[2])
    wanted = layer.output_size if isinstance(layer.output_size, tuple) else (layer.output_size,) * 2
    after = [b if a is None else int(a) for a, b in zip(wanted, before, strict=True)]
    if any(b % a for a, b in zip(after, before, strict=True)):
        raise Refusal(f"{name} cannot be compiled: its windows have different sizes")
    size = (before[0] // after[0], before[1] // after[1])
    return pool_of_averages(builder, name, value, size, size, (0, 0))


def max_pool(
    builder: Builder,
    name: str,
    value: int,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    **_: Any,
) -> int:
    """The largest of each window, as a tournament: max(a, b) = b + ReLU(a - b), exactly."""
    if pair(padding) != (0, 0) or pair(dilation) != (1, 1) or ceil_mode:
        raise Refusal(
            f"{name} cannot be compiled: max pooling must be without padding and dilation"
        )
    size = pair(kernel_size)
    step = pair(stride or size)
    shape = builder.shape_of(value)

    def taken(weights: dict[Pair, float]) -> int:
        weight = window(builder, shape[0], size, weights)
        return builder.affine(name, value, Convolution(weight, None, shape, step, groups=shape[0]))

    places = [(i, j) for i in range(size[0]) for j in range(size[1])]
    players = [(taken({place: 1.0}), place) for place in places]
    round_: list[int] = []
    for (a, at), (b, there) in zip(players[::2], players[1::2], strict=False):
        lead = builder.relu(name, taken({at: 1.0, there: -1.0}))
        round_.append(builder.sum(name, lead, b, larger=(a, b)))
    if len(players) % 2:
        round_.append(players[-1][0])
    while len(round_) > 1:
        a, b = round_[:2]
        minus = builder.scale(name, b, -1.0, 0.0)
        lead = builder.relu(name, builder.sum(name, a, minus))
        round_ = [*round_[2:], builder.sum(name, lead, b, larger=(a, b))]
    return round_[0]


def max_pool_layer(builder: Builder, name: str, value: int, layer: nn.MaxPool2d) -> int:
    return max_pool(
        builder,
        name,
        value,
        layer.kernel_size,
        layer.stride,
        layer.padding,
        layer.dilation,
        layer.ceil_mode,
    )


LAYERS: dict[type[nn.Module], Callable[[Builder, str, int, Any], int]] = {
    nn.Linear: dense,
    nn.Conv2d: convolution,
    nn.BatchNorm2d: batch_norm,
    nn.BatchNorm1d: batch_norm,
    nn.ReLU: relu,
    nn.Identity: identity,
    nn.Dropout: identity,
    nn.Dropout2d: identity,
    nn.Flatten: flatten,
    nn.AvgPool2d: average_pool,
    nn.AdaptiveAvgPool2d: adaptive_pool,
    nn.MaxPool2d: max_pool_layer,
}
