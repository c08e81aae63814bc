"""Colours that a printer can print, how far a picture is from them, and the picture as it is printed.

The set is this project's own choice: paper white, three greys and black, the inks and overprints of
four-colour printing at their usual appearance, and some mixtures. A printer of one's own would be measured.
"""

import torch
from torch import Tensor

COLOURS = (
    (0.95, 0.95, 0.94),  # paper
    (0.72, 0.72, 0.72),
    (0.48, 0.48, 0.48),
    (0.28, 0.28, 0.28),
    (0.10, 0.10, 0.11),  # black
    (0.00, 0.62, 0.88),  # cyan
    (0.84, 0.10, 0.48),  # magenta
    (0.98, 0.90, 0.10),  # yellow
    (0.84, 0.16, 0.16),  # red: magenta and yellow
    (0.05, 0.58, 0.30),  # green: cyan and yellow
    (0.16, 0.20, 0.54),  # blue: cyan and magenta
    (0.93, 0.55, 0.16),  # orange
    (0.48, 0.30, 0.18),  # brown
    (0.62, 0.82, 0.94),  # light blue
    (0.94, 0.72, 0.72),  # pink
    (0.70, 0.84, 0.52),  # light green
)
"""Sixteen printable colours, RGB in [0, 1]."""
LUMA = (0.299, 0.587, 0.114)


def colours(like: Tensor) -> Tensor:
    """The printable colours ``[16, C]`` for pictures of the channels and dtype of ``like``.

    One channel is their luma. Raises ``ValueError`` for other than 1 or 3 channels.
    """
    channels = like.shape[1]
    known = torch.tensor(COLOURS, dtype=like.dtype, device=like.device)
    if channels == 3:
        return known
    if channels == 1:
        return known @ known.new_tensor(LUMA).unsqueeze(1)
    raise ValueError(f"images must have 1 or 3 channels to be printed; got {channels}")


def distances(images: Tensor) -> Tensor:
    """Euclidean distance of each pixel to each printable colour, ``[N, H, W, 16]``."""
    pixels = images.permute(0, 2, 3, 1).unsqueeze(-2)
    return (pixels - colours(images)).square().sum(-1).add(1e-12).sqrt()


def non_printability(images: Tensor, area: Tensor | None = None) -> Tensor:
    """NPS ``[N]``: the product of a pixel's distances to all printable colours, its mean over the ``area``.

    Sharif et al. (2016), section 4.3, as Eykholt et al. (2018) use it, who sum over the area: a mean does
    not depend on the size of the picture. ``area`` is ``[1 or N, 1, H, W]`` (None: everywhere). 0 where
    every pixel has a printable colour.
    """
    score = distances(images).prod(-1)
    weight = torch.ones_like(score) if area is None else area.squeeze(1).to(score).expand_as(score)
    return (score * weight).flatten(1).sum(1) / weight.flatten(1).sum(1)


def printed(images: Tensor, area: Tensor | None = None) -> Tensor:
    """Every pixel of the ``area`` in the nearest printable colour; the others as they are."""
    nearest = colours(images)[distances(images).argmin(-1)].permute(0, 3, 1, 2)
    return nearest if area is None else torch.where(area.bool().to(images.device), nearest, images)
