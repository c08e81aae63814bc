"""The sticker on one picture, live: the exact paste, and what the model says of it."""

import numpy as np
import streamlit as st
import torch

from robust_core import imaging, zoo
from robust_core.attacks.universal.patches import PatchUniversal
from robust_core.dashboard import lab
from robust_core.dashboard.components.sticker import Place, place_of, sticker
from robust_core.dashboard.universal.pictures import digest as name_of
from robust_core.dashboard.universal.words import target_of
from robust_core.data.fitting import to_pixels, to_tensor
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.experiment.universal import logits_of
from robust_core.words.numbers import percent
from robust_core.zoo import Description

BARS = 4
QUOTED = (
    "Deck 003 shows the same with a cat: .90 cat and .10 dog without a sticker, then .89 and .11, .75 and "
    ".25, .60 and .40 as it is placed. Quoted; what the bars show is measured here, now."
)


@st.fragment  # moving the sticker computes one prediction, and redraws nothing else
def show(
    patch: PatchUniversal,
    digest: str,
    model: Description,
    pixels: np.ndarray,
    name: str,
    owner: str | None,
) -> None:
    """The picture with the sticker to drag, and bars for the likeliest classes before and now."""
    key = f"sticker_{model.name}_{digest[:8]}_{key_of(pixels=name_of(pixels))[:8]}"
    start = Place(area=patch.scale)
    place = place_of(key, start)

    def look(at: Place | None) -> list[float] | None:
        return lab.compute(
            key_of(
                sticker=digest, model=model.name, pixels=name_of(pixels), owner=owner, at=str(at)
            ),
            lambda progress: work(patch, model.name, pixels, at, progress),
            channel="sticker" if at else "unstuck",
            doing="Looking",
        )

    before, now = look(None), look(place)
    if before is None or now is None:
        return
    shares = torch.tensor([before, now], dtype=torch.float64, device="cpu")
    order = shares.max(0).values.argsort(descending=True)[:BARS].tolist()
    target = target_of(patch)
    if target is not None and target not in order:
        order[-1] = target
    bars = [(model.class_names[i], before[i], now[i], percent(now[i])) for i in order]
    st.markdown("## Drag the sticker over the picture")
    sticker(
        imaging.data_url(pixels),
        name,
        imaging.data_url(_with_alpha(patch)),
        size=pixels.shape[:2],
        side=patch.side,
        area=patch.scale,
        start=start,
        bars=bars,
        key=key,
    )
    st.caption(
        f"The line in each bar: without the sticker. The model sees it as it is pasted there, on "
        f"{pixels.shape[1]} x {pixels.shape[0]} pixels. {QUOTED}"
    )


def _with_alpha(patch: PatchUniversal) -> np.ndarray:
    colours = to_pixels(patch.delta)[0]
    if colours.shape[2] == 1:
        colours = colours.repeat(3, 2)
    alpha = (255 * patch.mask[0, 0].numpy()).round().astype(np.uint8)
    return np.dstack([colours, alpha])


def work(
    patch: PatchUniversal, name: str, pixels: np.ndarray, at: Place | None, progress: Reporter
) -> list[float]:
    """Paste and ask: a confidence for each class. Without a place, the picture as it is.

    Called in a thread of the engine.
    """
    images = to_tensor(pixels)
    if at is not None:
        images = patch.apply(images, at=(at.row, at.column), scale=at.area, angle=at.angle)

    def on(device: torch.device) -> list[float]:
        return logits_of(zoo.load(name, device), images).double().softmax(1)[0].tolist()

    return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)
