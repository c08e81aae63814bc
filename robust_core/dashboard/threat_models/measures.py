"""How far two pictures are apart, in every measure: of any two files, or of the example."""

import numpy as np
import streamlit as st
from torch import Tensor

from robust_core import distances
from robust_core.dashboard import picture_input
from robust_core.data.fitting import to_tensor
from robust_core.words.numbers import in_255ths, number
from robust_core.words.threat_model import DISTANCES

Pair = tuple[np.ndarray, np.ndarray]
SAYS = {
    "l0": "pixels that differ",
    "l1": "sum of all differences; values are in [0, 1]",
    "l2": "Euclidean length",
    "linf": "largest difference of a value",
    "tv": "how rough the difference is (total variation)",
}
TEXT = (
    "Sentences have no pixels: there *small* is the **similarity of the text**, the share of words or "
    "letters that stay."
)


def show(example: Pair | None) -> None:
    """The measures of ``example``, uint8, or of two files."""
    st.markdown("## How far apart are two pictures?")
    if st.toggle("Two files of my own", key="measure_own", persist_state="session"):
        example = _files()
    else:
        st.caption("Of the untargeted attack above: its clean and its adversarial picture.")
    if example is not None:
        draw(*example)


def _files() -> Pair | None:
    """Two places for files, and what is in them once both are there and can be read."""
    read = []
    for place, name in zip(st.columns(2), ("First", "Second"), strict=True):
        file = place.file_uploader(
            f"{name} picture (PNG, JPEG or WebP)",
            type=picture_input.UPLOAD_TYPES,
            key=f"measured_{name.lower()}_{picture_input.STARTED}",
            max_upload_size=8,
        )
        picture = None if file is None else picture_input.decoded(file.getvalue())
        if picture is not None:
            read.append(picture.pixels)
    return (read[0], read[1]) if len(read) == 2 else None


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
        (DISTANCES[name][0], written.get(name, number(found[name])), why)
        for name, why in SAYS.items()
    ]
    return [*rows, ("SSIM", f"{distances.ssim(a, b).item():.3f}", "similarity; 1: equal pictures")]
