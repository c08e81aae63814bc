"""The option of ``attack`` for where the picture may change."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from robust_core import areas

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from robust_core.zoo import Description


def add(parser: argparse.ArgumentParser) -> None:
    """``--mask``."""
    parser.add_argument(
        "--mask",
        metavar="FILE|x,y,w,h",
        help="where pixels may change: a picture of the model's size, white there and black elsewhere; "
        f"or {areas.FORM}, several with semicolons between them; or one of "
        f"{', '.join(areas.PRESETS)}".replace("%", "%%"),
    )


def mask_of(given: str | None, description: "Description") -> "Tensor | None":
    """Where the picture may change, bool ``[1, 1, H, W]``. Raises ``ValueError`` with a sentence."""
    if given is None:
        return None
    import torch

    return torch.from_numpy(_area(given, description))[None, None]


def _area(given: str, description: "Description") -> "np.ndarray":
    """Bool ``[H, W]``: shapes in words, or else a file."""
    height, width = description.input_size
    try:
        return areas.Area.read(given).mask(height, width)
    except ValueError as error:
        if not Path(given).is_file():
            raise ValueError(f"--mask: {error}; and no file has that name") from None
    from robust_core.data.uploads import decode_file

    pixels = decode_file(given).pixels
    if pixels.shape[:2] != (height, width):
        raise ValueError(
            f"--mask: {given} has {pixels.shape[1]} x {pixels.shape[0]} pixels; {description.name} "
            f"sees {width} x {height}"
        )
    mask = pixels.mean(2) > 127.5
    if not mask.any():
        raise ValueError(f"--mask: {given} is black: white pixels are those that may change")
    return mask
