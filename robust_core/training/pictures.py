"""Pictures as they are kept (bytes, or floats) and as a network takes them."""

import torch
from torch import Tensor

Split = tuple[Tensor, Tensor]
"""Pictures ``[N, C, H, W]``, bytes or floats in [0, 1], and labels ``[N]``."""


def to_float(images: Tensor, device: torch.device) -> Tensor:
    """Pictures in [0, 1], float32, whether they were stored as bytes or as floats."""
    images = images.to(device, non_blocking=True)
    return images.float().div_(255) if images.dtype == torch.uint8 else images
