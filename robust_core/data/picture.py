"""Picture: a decoded photograph, ready to be fitted to a model."""

import hashlib
from dataclasses import dataclass, field
from typing import Self

import numpy as np


@dataclass(frozen=True)
class Picture:
    """Exact 8-bit RGB pixels with their name.

    ``pixels`` is a read-only uint8 array ``[H, W, 3]``; ``sha256`` covers its shape and bytes, so
    two pictures with the same pixels share it whatever file they came from; ``notes`` are sentences
    on what was changed while decoding. Make one with ``Picture.of``.
    """

    pixels: np.ndarray = field(repr=False, compare=False)
    sha256: str
    title: str = ""
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, pixels: np.ndarray, notes: tuple[str, ...] = (), title: str = "") -> Self:
        """A picture with its own copy of ``pixels``, uint8 ``[H, W, 3]``.

        Raises ``ValueError`` for another dtype or shape.
        """
        pixels = np.array(pixels, order="C", copy=True)
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
            raise ValueError(
                f"pixels must be uint8 [H, W, 3], not {pixels.dtype} {list(pixels.shape)}"
            )
        pixels.setflags(write=False)
        digest = hashlib.sha256(f"{pixels.shape[0]}x{pixels.shape[1]}:".encode())
        digest.update(pixels.data)
        return cls(pixels, digest.hexdigest(), title, tuple(notes))

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    @property
    def height(self) -> int:
        return self.pixels.shape[0]
