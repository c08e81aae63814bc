"""How far two pictures are apart, in every measure: of any two files, or of the example."""

import numpy as np
import streamlit as st
from torch import Tensor

from robust_core import distances
from robust_core.dashboard import picture_input
from robust_core.data.fitting import to_tensor
from robust_core.words.numbers import in_255ths, number

TITLES = {
    "l0": ("L0", "pixels that differ"),
    "l1": ("L1", "sum of all differences; values are in [0, 1]"),
    "l2": ("L2", "Euclidean length"),
    "linf": ("Linf", "largest difference of a value"),
    "tv": ("Total variation", "how rough the difference is"),
}
TEXT = (
    "Sentences have no pixels: there *small* is the **similarity of the text**, the share of words or "
    "letters that stay."
)


def show(example: tuple[np.ndarray, np.ndarray] | None) -> None:
    """Two places for files, and the measures; ``example`` is a pair for those who have none, uint8."""
    st.markdown("## How far apart are two pictures?")
    places = st.columns(2)
    files = [
        place.file_uploader(
            f"{name} picture (PNG, JPEG or WebP)",
            type=picture_input.UPLOAD_TYPES,
            key=f"measured_{name.lower()}_{picture_input.STARTED}",
            max_upload_size=8,
        )
        for place, name in zip(places, ("First", "Second"), strict=True)
    ]
    pair = example
    if all(files):
        read = [picture_input.decoded(file.getvalue()) for file in files if file]
        pair = (read[0].pixels, read[1].pixels) if read[0] and read[1] else None
    else:
        st.caption("Choose two files. Until then: the example's clean and adversarial picture.")
    if pair is not None:
        draw(*pair)


def draw(first: np.ndarray, second: np.ndarray) -> None:
    """The measures, or why there are none."""
    if first.shape != second.shape:
        one, other = (f"{p.shape[1]} x {p.shape[0]}" for p in (first, second))
        st.info(
            f"Distances need pictures of one size: the first has {one} pixels, the second {other}."
        )
        return
    with st.container(horizontal=True, gap="small"):
        for name, value, why in measures(to_tensor(first), to_tensor(second)):
            st.metric(name, value, help=why, width=130)
    st.caption(TEXT)


def measures(a: Tensor, b: Tensor) -> list[tuple[str, str, str]]:
    """Each measure of ``[1, C, H, W]`` in [0, 1]: its name, its value and what it says."""
    found = {name: value.item() for name, value in distances.all_norms(a, b).items()}
    written = {"l0": f"{found['l0']:,.0f} px", "linf": in_255ths(found["linf"])}
    rows = [
        (title, written.get(name, number(found[name])), why)
        for name, (title, why) in TITLES.items()
    ]
    return [*rows, ("SSIM", f"{distances.ssim(a, b).item():.3f}", "similarity; 1: equal pictures")]
