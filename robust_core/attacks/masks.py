"""Masks: which pixels an attack may change."""

import torch
from torch import Tensor

EVERYTHING = "The mask leaves every pixel free: the result is that without a mask."


def check_mask(mask: Tensor | None, images: Tensor) -> Tensor | None:
    """``mask`` as bool ``[N, 1, H, W]`` on the device of ``images``, true where pixels may change.

    None where there is no mask, or where it leaves everything free. Raises ``ValueError`` unless it is a
    tensor of zeros and ones ``[1 or N, 1, H, W]``, with at least one 1 for each picture.
    """
    if mask is None:
        return None
    if not isinstance(mask, Tensor):
        raise ValueError(f"mask must be a tensor of zeros and ones; got {type(mask).__name__}")
    channel = (1,) if images.ndim > 2 else ()
    place = (*channel, *images.shape[1 + len(channel) :])
    if mask.shape[1:] != place or len(mask) not in (1, len(images)):
        either = "1" if len(images) == 1 else f"1 or {len(images)}"
        wanted = ", ".join([either, *map(str, place)])
        raise ValueError(f"mask must have the shape [{wanted}]; got {list(mask.shape)}")
    free = mask.detach().to(images.device)
    if free.dtype != torch.bool:
        if not ((free == 0) | (free == 1)).all():  # NaN is neither
            raise ValueError("mask must hold zeros and ones alone, 1 where pixels may change")
        free = free != 0
    if not free.flatten(1).any(1).all():
        which = "the mask" if len(mask) == 1 else "a mask"
        raise ValueError(f"{which} is empty: at least one pixel must be free to change")
    return None if free.all() else free.expand(len(images), *place)
