"""From the pixels of a picture to the tensor that a model takes, and back."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor

if TYPE_CHECKING:
    from robust_core.classifier import Classifier

INTERPOLATIONS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}
WAYS = ("crop", "squash")
MODES = {1: "L", 3: "RGB"}
SLACK = 255 * 2.0**-23
"""Levels that float32 arithmetic may lose: x + 8/255 may end a hair below the level 8 above x."""


def fit(
    picture_pixels: np.ndarray,
    *,
    size: tuple[int, int],
    resize: int,
    channels: int,
    how: str,
    interpolation: str = "bilinear",
) -> np.ndarray:
    """Pixels uint8 ``[H, W, 3]`` brought to uint8 ``[h, w, channels]``, ``size = (h, w)``.

    ``how="crop"`` scales the shortest side to ``resize`` and cuts the centre out, pixel for pixel
    what torchvision's ``Resize`` and ``CenterCrop`` make of a PIL image; ``"squash"`` scales
    straight to ``size`` and distorts the proportions. A picture of the right size keeps its pixels, so
    that a saved adversarial picture is read back unchanged. One channel is ITU-R 601 luma, as Pillow's
    mode "L".

    Raises ``ValueError`` for any other pixels, size, ``how`` or interpolation, and for a ``resize``
    below the longest side of ``size``.
    """
    _check(picture_pixels, size, resize, channels, how, interpolation)
    height, width = size
    image = Image.fromarray(picture_pixels).convert(MODES[channels])
    filter_ = INTERPOLATIONS[interpolation]
    if image.size != (width, height):
        if how == "squash":
            image = image.resize((width, height), filter_)
        else:
            image = _centre(_scale_shortest(image, resize, filter_), width, height)
    return np.array(image).reshape(height, width, channels)


def as_taken(pixels: np.ndarray, model: "Classifier") -> Tensor:
    """Pixels uint8 ``[H, W, 3]`` of a test set as ``model`` takes them: float32 ``[1, c, h, w]``."""
    size, resize, channels = model.input_size, model.resize, model.channels
    return to_tensor(fit(pixels, size=size, resize=resize, channels=channels, how="crop"))


def to_tensor(pixels: np.ndarray) -> Tensor:
    """Pixels uint8 ``[h, w, c]`` as float32 ``[1, c, h, w]`` in [0, 1]."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3:
        raise ValueError(f"pixels must be uint8 [h, w, c], not {pixels.dtype} {list(pixels.shape)}")
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    return torch.from_numpy(planes.astype(np.float32) / 255).unsqueeze(0)


def to_pixels(images: Tensor, towards: Tensor | None = None) -> np.ndarray:
    """Pictures ``[N, C, H, W]`` in [0, 1] as uint8 ``[N, H, W, C]``: the nearest, or rounded ``towards``.

    The exact inverse of ``to_tensor`` on its range; values outside [0, 1] are clipped.

    ``towards`` are pictures of the same shape, from which ``images`` were made. No value then ends further
    from theirs than it was, so a picture within a radius of ``towards``, in any norm, stays within it
    as a file. That needs ``towards`` to be 8-bit pictures itself, as everything that is attacked on a page
    or by a command is. Of other pictures (the digits' k/16) the nearest 8-bit picture takes their place:
    no value ends further from theirs than it was or than half a level, 0.5/255, whichever is more.

    Raises ``ValueError`` for another number of dimensions, for NaN, and for shapes that differ.
    """
    if images.dim() != 4:
        raise ValueError(f"images must be [N, C, H, W], not {list(images.shape)}")
    values = images.detach().cpu().double()
    if values.isnan().any():
        raise ValueError("images must be numbers in [0, 1], but there are NaN values among them")
    values = values.mul(255).clamp(0, 255)
    levels = values.round()
    if towards is not None:
        if towards.shape != images.shape:
            raise ValueError(
                f"towards must be of the shape of images, {list(images.shape)}, not "
                f"{list(towards.shape)}"
            )
        origin = towards.detach().cpu().double().mul(255).round().clamp(0, 255)
        up = (values + SLACK).floor().maximum(origin)
        down = (values - SLACK).ceil().minimum(origin)
        levels = torch.where(values > origin, up, down)
    return levels.to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()


def as_saved(images: Tensor, towards: Tensor | None = None) -> Tensor:
    """Pictures ``[N, C, H, W]`` as a PNG file gives them back, float32 on the CPU: see ``to_pixels``."""
    return torch.cat([to_tensor(pixels) for pixels in to_pixels(images, towards)])


def _check(
    pixels: np.ndarray,
    size: tuple[int, int],
    resize: int,
    channels: int,
    how: str,
    interpolation: str,
) -> None:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(
            f"picture_pixels must be uint8 [H, W, 3], not {pixels.dtype} {list(pixels.shape)}"
        )
    if min(size) < 1:
        raise ValueError(f"size must be a height and a width of at least 1, not {tuple(size)}")
    if channels not in MODES:
        raise ValueError(f"channels must be 1 (grey) or 3 (RGB), not {channels}")
    if how not in WAYS:
        raise ValueError(f"how must be one of {', '.join(WAYS)}, not {how!r}")
    if interpolation not in INTERPOLATIONS:
        raise ValueError(
            f"interpolation must be one of {', '.join(INTERPOLATIONS)}, not {interpolation!r}"
        )
    if how == "crop" and resize < max(size):
        raise ValueError(
            f"resize must be at least the longest side of size {tuple(size)}: {resize}"
        )


def _scale_shortest(image: Image.Image, shortest: int, filter_: Image.Resampling) -> Image.Image:
    """The longer side is rounded down, as in torchvision."""
    long = int(shortest * max(image.size) / min(image.size))
    scaled = (shortest, long) if image.width <= image.height else (long, shortest)
    return image if image.size == scaled else image.resize(scaled, filter_)


def _centre(image: Image.Image, width: int, height: int) -> Image.Image:
    """The middle ``width`` x ``height``; half pixels go to the even side, as in torchvision."""
    left, top = round((image.width - width) / 2), round((image.height - height) / 2)
    return image.crop((left, top, left + width, top + height))
