"""Operators with weights, as layers of torch: their weights are parameters, and verification knows them."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from robust_core.zoo.own.operators.table import Settings, layer, operator


class Padded(nn.Module):
    """Padding that differs from side to side, or depends on the picture's size, before a layer.

    ``same`` is None, or ONNX's SAME_UPPER or SAME_LOWER: as much as keeps size / stride.
    """

    def __init__(
        self, inner: nn.Module, pads: list[int], value: float, same: str | None = None
    ) -> None:
        super().__init__()
        self.inner = inner
        self.pads = pads
        self.value = value
        self.same = same

    def forward(self, x: Tensor) -> Tensor:
        pads = self.pads if self.same is None else self._same(x)
        return self.inner(F.pad(x, pads, value=self.value) if any(pads) else x)

    def _same(self, x: Tensor) -> list[int]:
        """Left, right, top, bottom."""
        pads: list[int] = []
        for axis in (1, 0):
            kernel, stride, spread = (
                _pair(getattr(self.inner, name, 1))[axis]
                for name in ("kernel_size", "stride", "dilation")
            )
            size = x.shape[2 + axis]
            total = max(0, (-(-size // stride) - 1) * stride + spread * (kernel - 1) + 1 - size)
            less, more = total // 2, total - total // 2
            pads += [less, more] if self.same == "SAME_UPPER" else [more, less]
        return pads


def _pair(value: Any) -> tuple[int, int]:
    first, second = value if isinstance(value, list | tuple) else (value, value)
    return int(first), int(second)


def _window(settings: Settings) -> tuple[list[int], list[int], list[int], list[int], str | None]:
    """Kernel (maybe empty), strides, dilations, pads as torch's F.pad wants them, and what is "same"."""
    kernel = [int(k) for k in settings.get("kernel_shape", [])]
    strides, spread = settings.get("strides", [1, 1]), settings.get("dilations", [1, 1])
    top, left, bottom, right = settings.get("pads", [0, 0, 0, 0])
    auto = settings.get("auto_pad", "NOTSET")
    if len(strides) != 2 or len(spread) != 2:
        raise ValueError("windows over anything but height and width are not read")
    same = auto if auto in ("SAME_UPPER", "SAME_LOWER") else None
    pads = [left, right, top, bottom] if auto == "NOTSET" else [0, 0, 0, 0]
    return kernel, list(strides), list(spread), pads, same


def _even(pads: list[int]) -> bool:
    return pads[0] == pads[1] and pads[2] == pads[3]


def filled(made: nn.Module, weight: Tensor, bias: Tensor | None) -> nn.Module:
    """A layer that was made without memory, with these weights."""
    made.register_parameter("weight", nn.Parameter(weight, requires_grad=False))
    own = None if bias is None else nn.Parameter(bias, requires_grad=False)
    made.register_parameter("bias", own)
    return made


@layer("Conv")
def convolution(settings: Settings, weight: Tensor, bias: Tensor | None = None) -> nn.Module:
    if weight.ndim != 4:
        raise ValueError(f"weights of {weight.ndim - 2} dimensions are not read, only of 2")
    _, strides, spread, pads, same = _window(settings)
    groups = int(settings.get("group", 1))
    simple = same is None and _even(pads)
    made = nn.Conv2d(
        weight.shape[1] * groups,
        weight.shape[0],
        tuple(weight.shape[2:]),  # type: ignore[arg-type]
        tuple(strides),  # type: ignore[arg-type]
        (pads[2], pads[0]) if simple else 0,
        tuple(spread),  # type: ignore[arg-type]
        groups,
        bias is not None,
        device="meta",
    )
    filled(made, weight, bias)
    return made if simple else Padded(made, pads, 0.0, same)


@layer("ConvTranspose")
def transposed_convolution(
    settings: Settings, weight: Tensor, bias: Tensor | None = None
) -> nn.Module:
    _, strides, spread, pads, same = _window(settings)
    if same or not _even(pads) or settings.get("output_shape"):
        raise ValueError("uneven padding of a transposed convolution is not read")
    groups = int(settings.get("group", 1))
    extra = settings.get("output_padding", [0, 0])
    made = nn.ConvTranspose2d(
        weight.shape[0],
        weight.shape[1] * groups,
        tuple(weight.shape[2:]),  # type: ignore[arg-type]
        tuple(strides),  # type: ignore[arg-type]
        (pads[2], pads[0]),
        tuple(extra),
        groups,
        bias is not None,
        tuple(spread),  # type: ignore[arg-type]
        device="meta",
    )
    return filled(made, weight, bias)


@layer("Gemm")
def dense(settings: Settings, weight: Tensor, bias: Tensor | None = None) -> nn.Module | None:
    """A dense layer where nothing is scaled or transposed but the weights."""
    plain = settings.get("alpha", 1.0) == 1 and settings.get("beta", 1.0) == 1
    if not plain or settings.get("transA", 0) or (bias is not None and bias.ndim != 1):
        return None
    return _linear(weight if settings.get("transB", 0) else weight.T.contiguous(), bias)


@layer("MatMul")
def multiplied(settings: Settings, weight: Tensor) -> nn.Module | None:
    return _linear(weight.T.contiguous(), None) if weight.ndim == 2 else None


def _linear(weight: Tensor, bias: Tensor | None) -> nn.Module:
    outputs, inputs = weight.shape
    return filled(nn.Linear(inputs, outputs, bias is not None, device="meta"), weight, bias)


@layer("BatchNormalization")
def batch_normalisation(
    settings: Settings, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor
) -> nn.Module:
    _check_mode(settings)
    made = nn.BatchNorm2d(len(scale), eps=settings.get("epsilon", 1e-5), device="meta")
    filled(made, scale, bias)
    made.running_mean, made.running_var = mean.clone(), variance.clone()
    made.num_batches_tracked = torch.zeros((), dtype=torch.int64, device="cpu")
    made._check_input_dim = _any_dimension  # type: ignore
    return made.eval()


def _any_dimension(x: Tensor) -> None:
    """ONNX has one batch normalisation for tensors of every dimension."""


@operator("BatchNormalization")
def computed_batch_normalisation(
    settings: Settings, x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor
) -> Tensor:
    """With values that are computed from others, as weight standardisation does."""
    _check_mode(settings)
    return F.batch_norm(x, mean, variance, scale, bias, eps=settings.get("epsilon", 1e-5))


def _check_mode(settings: Settings) -> None:
    if settings.get("training_mode", 0):
        raise ValueError("it normalises by the batch, as in training: export it in eval mode")


@layer("MaxPool")
def max_pool(settings: Settings) -> nn.Module:
    kernel, strides, spread, pads, same = _window(settings)
    simple = (
        same is None
        and _even(pads)
        and all(2 * p <= k for p, k in zip(pads[::-2], kernel, strict=True))
    )
    made = nn.MaxPool2d(
        kernel,  # type: ignore[arg-type]
        strides,  # type: ignore[arg-type]
        (pads[2], pads[0]) if simple else 0,
        spread,  # type: ignore[arg-type]
        ceil_mode=bool(settings.get("ceil_mode", 0)),
    )
    return made if simple else Padded(made, pads, -torch.inf, same)


@layer("AveragePool")
def average_pool(settings: Settings) -> nn.Module:
    kernel, strides, spread, pads, same = _window(settings)
    counted = bool(settings.get("count_include_pad", 0))
    if spread != [1, 1] or same or not (_even(pads) or counted):
        raise ValueError("averages over uneven or spread windows are not read")
    even = _even(pads)
    made = nn.AvgPool2d(
        kernel,  # type: ignore[arg-type]
        strides,  # type: ignore[arg-type]
        (pads[2], pads[0]) if even else 0,
        bool(settings.get("ceil_mode", 0)),
        counted,
    )
    return made if even else Padded(made, pads, 0.0)


@layer("GlobalAveragePool")
def global_average(settings: Settings) -> nn.Module:
    return nn.AdaptiveAvgPool2d(1)


@operator("GlobalMaxPool")
def global_maximum(settings: Settings, x: Tensor) -> Tensor:
    return torch.amax(x, (2, 3), keepdim=True)
