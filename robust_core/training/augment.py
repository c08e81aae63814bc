"""Random shifts and mirror images, a batch at a time, from an explicit generator."""

import torch
import torch.nn.functional as F
from torch import Tensor


def augment(images: Tensor, shift: int, mirror: bool, generator: torch.Generator) -> Tensor:
    """Shift each picture by up to ``shift`` pixels (zero padding) and mirror half of them."""
    n, channels, height, width = images.shape
    if shift:
        padded = F.pad(images, (shift,) * 4)
        top, left = torch.randint(0, 2 * shift + 1, (2, n, 1), generator=generator, device="cpu")
        rows = (top + torch.arange(height, device="cpu")).view(n, 1, height, 1)
        columns = (left + torch.arange(width, device="cpu")).view(n, 1, 1, width)
        picture = torch.arange(n, device="cpu").view(n, 1, 1, 1)
        channel = torch.arange(channels, device="cpu").view(1, channels, 1, 1)
        images = padded[picture, channel, rows, columns]
    if mirror:
        chosen = torch.rand(n, generator=generator, dtype=torch.float32, device="cpu") < 0.5
        images = torch.where(chosen.view(n, 1, 1, 1), images.flip(3), images)
    return images
