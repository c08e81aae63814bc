"""Weights in a safetensors file for a network of torchvision or timm, which is given by its name."""

import json
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

TIMM = "timm:"
INSTALL_TIMM = "Networks of timm need one more package: pip install 'robust-lab[timm]'"
SHOWN = 3
DTYPES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "U8": 1, "I8": 1, "BOOL": 1}
DAMAGED = "The safetensors file is cut off or damaged: {}"


def shapes_in(content: bytes) -> dict[str, tuple[int, ...]]:
    """The shape of each tensor, from the header alone.

    Raises ``ValueError`` for a header that is not a table, and for tensors that declare other sizes than
    the file holds.
    """
    length = int.from_bytes(content[:8], "little")
    try:
        header = json.loads(content[8 : 8 + length])
        found = {}
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            shape = tuple(int(d) for d in entry["shape"])
            start, end = entry["data_offsets"]
            if entry["dtype"] not in DTYPES:
                raise ValueError(f"{name!r} is {entry['dtype']}, which is not read")
            if (
                min(shape, default=0) < 0
                or math.prod(shape) * DTYPES[entry["dtype"]] != end - start
            ):
                raise ValueError(f"{name!r} declares {list(shape)} numbers in {end - start} bytes")
            if not 0 <= start <= end <= len(content) - 8 - length:
                raise ValueError(f"{name!r} lies beyond its end")
            found[name] = shape
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(DAMAGED.format(str(error)[:200] or type(error).__name__)) from error
    return found


def tensors_in(content: bytes) -> dict[str, Tensor]:
    """The tensors, floats as float32. Raises ``ValueError`` for values that are not numbers."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        loaded = load(content)
    except SafetensorError as error:
        raise ValueError(DAMAGED.format(error)) from error
    state = {name: x.float() if x.is_floating_point() else x for name, x in loaded.items()}
    for name, x in state.items():
        if x.is_floating_point() and not x.isfinite().all():
            raise ValueError(
                f"The weights {name!r} hold values that are not numbers (NaN or infinite): the training "
                "has diverged, or the file is damaged"
            )
    return state


def network_of(content: bytes, architecture: str, size: tuple[int, int] | None) -> nn.Module:
    """The network ``architecture`` with the weights in ``content``; the classes are counted in the file.

    Raises ``ValueError`` for an unknown architecture, and for weights that are not its own: the names
    and shapes are compared before memory is taken.
    """
    shapes = shapes_in(content)
    build = builder(architecture, size)
    classes = _classes(shapes, _tensors_of(build, 1000))
    _compare(shapes, _tensors_of(build, classes), architecture)
    network = build(classes)
    network.load_state_dict(tensors_in(content))
    return network.eval()


def _tensors_of(build: Callable[[int], nn.Module], classes: int) -> dict[str, Tensor]:
    """The tensors of an architecture without their values."""
    try:
        with torch.device("meta"):
            return build(classes).state_dict()
    except (RuntimeError, NotImplementedError):  # RegNet computes its widths with tensors
        return build(classes).state_dict()


def _classes(shapes: dict[str, tuple[int, ...]], wanted: dict[str, Tensor]) -> int:
    """How many rows the last weights of the architecture have in the file."""
    last = next(reversed([name for name, x in wanted.items() if x.ndim]))
    shape = shapes.get(last, ())
    return shape[0] if shape and 2 <= shape[0] <= 100_000 else 1000


def _compare(shapes: dict[str, tuple[int, ...]], wanted: dict[str, Tensor], called: str) -> None:
    missing = [name for name in wanted if name not in shapes]
    foreign = [name for name in shapes if name not in wanted]
    other = [
        f"{name} is {list(shapes[name])} and should be {list(x.shape)}"
        for name, x in wanted.items()
        if name in shapes and shapes[name] != tuple(x.shape)
    ]
    said = [
        f"{title} {', '.join(names[:SHOWN])}"
        + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
        for title, names in (("without", missing), ("with foreign", foreign), ("", other))
        if names
    ]
    if said:
        raise ValueError(
            f"The weights are not those of {called}: {'; '.join(part.strip() for part in said)}. Name the "
            "architecture that they were trained in"
        )


def builder(architecture: str, size: tuple[int, int] | None = None) -> Callable[[int], nn.Module]:
    """``build(classes)`` for a name of torchvision, or ``timm:NAME``.

    Raises ``ValueError`` for another name, and where timm is not installed.
    """
    if architecture.startswith(TIMM):
        return _timm(architecture.removeprefix(TIMM), size)
    import torchvision

    known = torchvision.models.list_models(module=torchvision.models)
    if architecture not in known:
        near = [name for name in known if architecture[:4].lower() == name[:4]] or known
        raise ValueError(
            f"architecture must be a classifier of torchvision, such as {', '.join(near[:6])}, or "
            f"{TIMM}NAME; got {architecture!r}"
        )
    options: dict[str, Any] = {"weights": None}
    if architecture in ("googlenet", "inception_v3"):
        options |= {"init_weights": False, "aux_logits": False}
    if architecture.startswith("vit_") and size is not None:
        options |= {"image_size": size[0]}
    return lambda classes: torchvision.models.get_model(
        architecture, num_classes=classes, **options
    )


def _timm(name: str, size: tuple[int, int] | None) -> Callable[[int], nn.Module]:
    try:
        import timm
    except ImportError as error:
        raise ValueError(INSTALL_TIMM) from error
    if not timm.is_model(name.split(".")[0]):
        near = timm.list_models(f"*{name[:4]}*")[:6]
        raise ValueError(
            f"timm has no network {name!r}" + (f": it has {', '.join(near)} ..." if near else "")
        )
    return lambda classes: timm.create_model(name, pretrained=False, num_classes=classes)
