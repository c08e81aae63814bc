"""Operators that move numbers without changing them, and those that ask for shapes."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core.zoo.own.operators.table import Settings, axis_list, operator, room

HOST = "cpu"
Ints = list[int] | None
"""An input that may be left out; None where it is."""
PADDING = {"constant": "constant", "edge": "replicate", "reflect": "reflect", "wrap": "circular"}


@operator("Shape")
def shape(settings: Settings, x: Tensor) -> Tensor:
    return torch.tensor(
        x.shape[settings.get("start", 0) : settings.get("end")], dtype=torch.int64, device=HOST
    )


@operator("Size")
def size(settings: Settings, x: Tensor) -> Tensor:
    return torch.tensor(x.numel(), dtype=torch.int64, device=HOST)


@operator("Reshape", static=(1,))
def reshape(settings: Settings, x: Any, wanted: list[int]) -> Any:
    """A 0 keeps the axis of the same number."""
    if settings.get("allowzero", 0):
        return torch.reshape(x, tuple(wanted))
    return torch.reshape(x, tuple(d if d else x.shape[k] for k, d in enumerate(wanted)))


@operator("Flatten")
def flatten(settings: Settings, x: Any) -> Any:
    """To two axes; what comes before ``axis`` becomes the first."""
    axis = settings.get("axis", 1)
    if axis == 1:
        return torch.flatten(x, 1)
    axis = axis % (x.ndim + 1) if axis < 0 else axis
    return torch.reshape(x, (math.prod(x.shape[:axis]), -1))


@operator("Squeeze", static=(1,))
def squeeze(settings: Settings, x: Tensor, axes: Ints = None) -> Tensor:
    over = axis_list(settings, axes)
    return torch.squeeze(x) if over is None else torch.squeeze(x, tuple(over))


@operator("Unsqueeze", static=(1,))
def unsqueeze(settings: Settings, x: Tensor, axes: Ints = None) -> Tensor:
    over = axis_list(settings, axes) or []
    rank = x.ndim + len(over)
    for axis in sorted(a % rank for a in over):
        x = torch.unsqueeze(x, axis)
    return x


@operator("Transpose")
def transpose(settings: Settings, x: Tensor) -> Tensor:
    order = settings.get("perm")
    return torch.permute(x, tuple(order) if order is not None else tuple(range(x.ndim))[::-1])


@operator("Concat")
def concat(settings: Settings, *values: Tensor) -> Tensor:
    return torch.cat(values, dim=settings.get("axis"))


@operator("Split", static=(1,))
def split(settings: Settings, x: Tensor, sizes: Ints = None) -> tuple[Tensor, ...]:
    axis = settings.get("axis", 0)
    sizes = sizes if sizes is not None else settings.get("split")
    if sizes is None:
        each = -(-x.shape[axis] // settings.get("num_outputs", settings.get("_outputs")))
        return torch.split(x, each, dim=axis)
    return torch.split(x, list(sizes), dim=axis)


@operator("Slice", static=(1, 2, 3, 4))
def slice_(
    settings: Settings,
    x: Tensor,
    starts: Ints = None,
    ends: Ints = None,
    axes: Ints = None,
    steps: Ints = None,
) -> Tensor:
    """Attributes up to version 9, values since; a negative step goes backwards."""
    starts = starts if starts is not None else settings.get("starts")
    ends = ends if ends is not None else settings.get("ends")
    over = axis_list(settings, axes) or list(range(len(starts or ())))
    steps = steps or [1] * len(over)
    for start, end, axis, step in zip(starts or (), ends or (), over, steps, strict=True):
        if step > 0:
            index: list[Any] = [slice(None)] * x.ndim
            index[axis] = slice(start, end, step)
            x = x[tuple(index)]
        else:
            places = (
                list(range(x.shape[axis]))[start:end:step]
                if end >= -x.shape[axis]
                else list(range(x.shape[axis]))[start::step]
            )
            x = torch.index_select(
                x, axis, torch.tensor(places, dtype=torch.int64, device=x.device)
            )
    return x


@operator("Gather", static=(1,))
def gather(settings: Settings, x: Tensor, index: Any) -> Tensor:
    """``index`` may be a number, or nested lists of them."""
    axis = settings.get("axis", 0) % x.ndim
    places = torch.tensor(index, dtype=torch.int64, device=HOST)
    if (
        places.numel()
        and not -x.shape[axis] <= int(places.min()) <= int(places.max()) < x.shape[axis]
    ):
        raise ValueError(f"it asks for place {int(places.max())} of {x.shape[axis]}")
    if places.ndim == 0:
        return torch.select(x, axis, int(places))
    room([*x.shape[:axis], *places.shape, *x.shape[axis + 1 :]])
    flat = torch.index_select(x, axis, places.remainder(x.shape[axis]).flatten().to(x.device))
    return flat.unflatten(axis, tuple(places.shape))


@operator("ScatterND", static=(1,))
def scatter_nd(settings: Settings, x: Tensor, index: Any, updates: Tensor) -> Tensor:
    if settings.get("reduction", "none") != "none":
        raise ValueError("a scattered sum is not read")
    places = torch.tensor(index, dtype=torch.int64, device=x.device)
    return x.index_put(tuple(places.unbind(-1)), updates.to(x.device))


@operator("Expand", static=(1,))
def expand(settings: Settings, x: Tensor, wanted: list[int]) -> Tensor:
    """Broadcast both ways: a 1 in ``wanted`` keeps what is there."""
    return x.expand(room(torch.broadcast_shapes(x.shape, tuple(wanted))))


@operator("Tile", static=(1,))
def tile(settings: Settings, x: Tensor, times: list[int]) -> Tensor:
    room([d * t for d, t in zip(x.shape, times, strict=True)])
    return torch.tile(x, tuple(times))


@operator("ConstantOfShape", static=(0,))
def constant_of_shape(settings: Settings, wanted: list[int]) -> Tensor:
    value = settings.get("value")
    fill = torch.zeros(1, dtype=torch.float32, device=HOST) if value is None else value
    return fill.reshape(()).expand(room(wanted)).clone()


@operator("Range", static=(0, 1, 2))
def range_(settings: Settings, start: float, limit: float, delta: float) -> Tensor:
    if not delta:
        raise ValueError("it counts in steps of 0")
    room([max(0, int((limit - start) // delta) + 1)])
    kind = (
        torch.float32 if any(isinstance(v, float) for v in (start, limit, delta)) else torch.int64
    )
    return torch.arange(start, limit, delta, dtype=kind, device=HOST)


@operator("Pad", static=(1, 2, 3))
def pad(
    settings: Settings,
    x: Tensor,
    pads: Ints = None,
    value: float | None = None,
    axes: Ints = None,
) -> Tensor:
    pads = list(pads if pads is not None else settings.get("pads"))
    over = [a % x.ndim for a in axis_list(settings, axes) or range(x.ndim)]
    mode = PADDING[settings.get("mode", "constant")]
    ends = {axis: (pads[k], pads[k + len(over)]) for k, axis in enumerate(over)}
    room([d + sum(ends.get(k, (0, 0))) for k, d in enumerate(x.shape)])
    flat = [p for axis in reversed(range(x.ndim)) for p in ends.get(axis, (0, 0))]
    if mode == "constant":
        fill = settings.get("value", 0.0) if value is None else value
        return F.pad(x, flat, value=fill)
    while len(flat) > 2 and flat[-2:] == [0, 0]:
        flat = flat[:-2]
    return F.pad(x, flat, mode=mode)


@operator("DepthToSpace")
def depth_to_space(settings: Settings, x: Tensor) -> Tensor:
    if settings.get("mode", "DCR") == "CRD":
        return F.pixel_shuffle(x, settings.get("blocksize"))
    n, c, h, w = x.shape
    b = settings.get("blocksize")
    y = x.reshape(n, b, b, c // b**2, h, w).permute(0, 3, 4, 1, 5, 2)
    return y.reshape(n, c // b**2, h * b, w * b)


@operator("SpaceToDepth")
def space_to_depth(settings: Settings, x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    b = settings.get("blocksize")
    y = x.reshape(n, c, h // b, b, w // b, b).permute(0, 3, 5, 1, 2, 4)
    return y.reshape(n, c * b**2, h // b, w // b)


@operator("Resize", static=(1, 2, 3))
def resize(
    settings: Settings,
    x: Tensor,
    roi: list[float] | None = None,
    scales: list[float] | None = None,
    sizes: Ints = None,
) -> Tensor:
    """Height and width, nearest or linear, where torch does the same."""
    mode, places = (
        settings.get("mode", "nearest"),
        settings.get("coordinate_transformation_mode", "half_pixel"),
    )
    known = {
        ("nearest", "asymmetric", "floor"): ("nearest", None),
        ("linear", "half_pixel", None): ("bilinear", False),
        ("linear", "pytorch_half_pixel", None): ("bilinear", False),
        ("linear", "align_corners", None): ("bilinear", True),
    }
    how = settings.get("nearest_mode", "round_prefer_floor") if mode == "nearest" else None
    if (mode, places, how) not in known or settings.get("antialias", 0):
        raise ValueError(f"resizing by {mode}, {places} is not read")
    if sizes:
        wanted = [int(s) for s in sizes[2:]]
    else:
        wanted = [
            int(d * s) for d, s in zip(x.shape[2:], (scales or [1, 1, 1, 1])[2:], strict=True)
        ]
    room([*x.shape[:2], *wanted])
    name, corners = known[mode, places, how]
    return F.interpolate(x, size=wanted, mode=name, align_corners=corners)
