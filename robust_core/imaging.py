"""Pictures for display and files: exact enlargement, signed amplification, PNG."""

import base64
import io

import numpy as np
from PIL import Image

GREY = 128
"""The value shown where nothing changed."""
TINTS = np.array([(213.0, 94.0, 0.0), (240.0, 228.0, 66.0)])
"""Red, green and blue of an overlay where it is weak, and where it is strong."""
STRENGTH = 0.75
"""How much of the picture the strongest tint covers."""


def enlarge(pixels: np.ndarray, side: int) -> np.ndarray:
    """Repeat each pixel of uint8 ``[h, w, c]`` by the largest whole number that fits into ``side``.

    Pictures that are already larger are returned unchanged. No pixel value is invented.
    """
    factor = max(1, side // max(pixels.shape[:2]))
    return pixels.repeat(factor, axis=0).repeat(factor, axis=1)


def amplification(largest: float) -> float:
    """The factor that spreads changes of up to ``largest`` over the range of a picture.

    Rounded down to two significant figures, so that it can be stated exactly; 1 for no change.
    """
    if largest <= 0:
        return 1.0
    factor = 0.5 / largest * (1 + 1e-4)  # float32 changes overshoot eps by a hair
    unit = 10.0 ** (np.floor(np.log10(factor)) - 1)
    return float(np.round(np.floor(factor / unit) * unit, 10))


def show_change(delta: np.ndarray, factor: float) -> np.ndarray:
    """The signed change, float ``[h, w, c]``, times ``factor``, around grey: uint8 ``[h, w, c]``."""
    return np.rint(np.clip(GREY + 255 * factor * delta, 0, 255)).astype(np.uint8)


def overlay(pixels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """A grey version of uint8 ``[h, w, c]``, tinted where ``weights`` are high: uint8 ``[h, w, 3]``.

    ``weights`` are a map ``[m, n]`` of numbers of at least 0, which is stretched to the picture and scaled
    by its largest one: there the tint is strongest, and yellow. Where all are 0 nothing is tinted.
    """
    height, width = pixels.shape[:2]
    top = weights.max()
    shares = Image.fromarray((weights / top if top > 0 else weights).astype(np.float32))
    share = np.asarray(shares.resize((width, height), Image.Resampling.BILINEAR))[..., None]
    share = share.clip(0, 1)
    grey = pixels.mean(axis=2, keepdims=True)
    tint = (1 - share) * TINTS[0] + share * TINTS[1]
    return np.rint((1 - STRENGTH * share) * grey + STRENGTH * share * tint).astype(np.uint8)


def png(pixels: np.ndarray) -> bytes:
    """uint8 ``[h, w, 1 or 3]`` as a PNG file, without metadata."""
    buffer = io.BytesIO()
    picture = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    Image.fromarray(picture).save(buffer, "PNG", compress_level=4)
    return buffer.getvalue()


def data_url(pixels: np.ndarray) -> str:
    """The same PNG as the address of a picture, which holds it whole.

    A page that shows it fetches nothing more: where two runs of a page overlap, Streamlit may have deleted
    a file of the second by the time a browser asks for it; and of several servers, another may be asked.
    """
    return f"data:image/png;base64,{base64.b64encode(png(pixels)).decode()}"
