"""Portable pixmaps of 8 bits a channel (P6), read strictly: what the header says is checked before use."""

import re
from pathlib import Path

import numpy as np

MAX_SIDE = 1024
MAX_BYTES = 2**22
"""Of a file: a pixmap of the largest sides has fewer, and its comments are short."""
_BLANK = rb"(?:[ \t\r\n\v\f]|#[^\r\n]*[\r\n])+"
_HEADER = re.compile(
    rb"P6" + _BLANK + rb"(\d{1,9})" + _BLANK + rb"(\d{1,9})" + _BLANK + rb"(\d{1,9})[ \t\r\n\v\f]"
)


def read(path: Path) -> np.ndarray:
    """The pixels of a file, uint8 ``[H, W, 3]``.

    Raises ``ValueError`` with what is wrong with it, ``OSError`` where it cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"it has more than {MAX_BYTES:,} bytes")
    return decode(content)


def decode(content: bytes) -> np.ndarray:
    """The pixels in the bytes of a file, uint8 ``[H, W, 3]``, in memory of their own.

    Raises ``ValueError`` with what is wrong with it: no P6 header, a side above ``MAX_SIDE``, more than 8
    bits a channel, pixels that are missing, or bytes that do not belong to it.
    """
    header = _HEADER.match(content)
    if header is None:
        raise ValueError("it has no header of a binary pixmap (P6)")
    width, height, white = map(int, header.groups())
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise ValueError(f"its header says {width} x {height}, and 1 to {MAX_SIDE} are allowed")
    if white != 255:
        raise ValueError(f"its header says {white} levels, and only 255 are read")
    wanted, there = 3 * width * height, len(content) - header.end()
    if there < wanted or content[header.end() + wanted :].strip():
        raise ValueError(
            f"its header says {width} x {height}, which takes {wanted:,} bytes, and {there:,} follow"
        )
    pixels = np.frombuffer(content, np.uint8, count=wanted, offset=header.end())
    return pixels.reshape(height, width, 3).copy()
