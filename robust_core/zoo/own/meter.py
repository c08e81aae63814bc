"""What a network costs, found on torch's meta device: tensors there have shapes and take no memory."""

import math
from collections.abc import Callable
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten
ROOM = 2**27
"""Numbers in one value, for one picture: 512 MiB. ResNet-50 at 224 x 224 has 800,000 at most."""
ALL = 2**30
"""Numbers in all values of one picture together: a gradient keeps most of them (4 GiB)."""
WORK = 500e9
"""Multiplications for one picture, twice each. ViT-H/14 at 224 x 224 has 335e9."""


class Meter(TorchDispatchMode):
    """Counts numbers that are made and operations of products, and refuses what is too much.

    Raises ``ValueError``. ``pictures``: how many the limits are for.
    """

    def __init__(self, pictures: int = 1) -> None:
        super().__init__()
        self.pictures = pictures
        self.numbers = 0
        self.work = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        made = func(*args, **(kwargs or {}))
        if not any(
            each.alias_info for each in func._schema.returns
        ):  # else a view of what is there
            for value in made if isinstance(made, tuple | list) else (made,):
                if isinstance(value, Tensor):
                    self._count(value.numel())
        if func in PRODUCTS:
            self.work += PRODUCTS[func](args, made)
            if self.work > WORK * self.pictures:
                raise ValueError(
                    f"the network needs more than {WORK / 1e9:,.0f} billion operations for one picture"
                )
        return made

    def _count(self, numel: int) -> None:
        self.numbers += numel
        if numel > ROOM * self.pictures or self.numbers > ALL * self.pictures:
            raise ValueError(
                f"it needs too much memory: a value of {numel:,} numbers, {self.numbers:,} so far for "
                f"{'one picture' if self.pictures == 1 else f'{self.pictures} pictures'}"
            )


def _convolved(args: tuple, made: Tensor) -> int:
    image, weight, transposed = args[0], args[1], args[6]
    out = image if transposed else made
    return 2 * out.numel() * math.prod(weight.shape[1:])


PRODUCTS: dict[Any, Callable[[tuple, Any], int]] = {
    aten.convolution.default: _convolved,
    aten.mm.default: lambda args, made: 2 * made.numel() * args[0].shape[-1],
    aten.bmm.default: lambda args, made: 2 * made.numel() * args[0].shape[-1],
    aten.addmm.default: lambda args, made: 2 * made.numel() * args[1].shape[-1],
    aten.baddbmm.default: lambda args, made: 2 * made.numel() * args[1].shape[-1],
}


def metered(network: nn.Module, shape: tuple[int, ...]) -> tuple[Any, Meter]:
    """What ``network`` gives for pictures of ``shape`` ``[N, C, H, W]``, on the meta device, and its cost.

    Raises ``ValueError`` where that is too much, and whatever the network raises.
    """
    empty = {
        name: x.to("meta") for name, x in chain(network.named_parameters(), network.named_buffers())
    }
    picture = torch.empty(shape, device="meta", dtype=torch.float32)
    with torch.no_grad(), Meter(shape[0]) as meter:
        return functional_call(network, empty, (picture,)), meter
