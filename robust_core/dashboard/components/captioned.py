"""A small picture with words below it."""

import numpy as np
from streamlit.delta_generator import DeltaGenerator

from robust_core import imaging


def captioned(place: DeltaGenerator, pixels: np.ndarray, words: str, *, side: int) -> None:
    """uint8 ``pixels`` at ``place``, enlarged by a whole factor towards ``side`` with square pixels.

    ``words`` may have two lines and be struck through; they also stand for the picture where it cannot
    be seen.
    """
    shown = imaging.enlarge(pixels, side)
    place.image(
        imaging.data_url(shown),
        caption=words,
        alt=words.replace("  \n", ", ").replace("~~", ""),
        width=shown.shape[1],
    )
