"""The part "Print it": a bundled sticker as a PDF or PNG of an exact size in centimetres."""

import io
import textwrap
from functools import partial
from typing import NamedTuple

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw, ImageFont

from robust_core import imaging, zoo
from robust_core.attacks.universal.patches import PatchUniversal
from robust_core.dashboard.request import Chosen
from robust_core.dashboard.settings import number, setting
from robust_core.dashboard.universal_files import load
from robust_core.data.fitting import to_pixels
from robust_core.zoo import Description

INCH = 2.54
"""Centimetres."""
DPI = 300
"""Dots an inch, about: each pixel of the sticker becomes a whole number of dots."""
MARGIN, CAPTION = 0.5, 1.6
"""Centimetres of paper around the sticker, and below it for the caption."""
LETTERS = 0.3
"""Centimetres that a line of the caption is high."""
WHAT = (
    "Print it at 100 % (“actual size”), cut along the thin frame, put it beside an object, and show both "
    "to the camera in the next part."
)


class Sheet(NamedTuple):
    """What is printed, and its dots an inch; ``sticker`` is its place: left, upper, right, lower."""

    image: Image.Image
    dpi: float
    sticker: tuple[int, int, int, int]


def sheet(pixels: np.ndarray, centimetres: float, caption: str) -> Sheet:
    """A square sticker, uint8 ``[h, h, c]``, ``centimetres`` wide, with a thin frame and a caption.

    Raises ``ValueError`` for pixels that are not square, or a size that is not positive.
    """
    if pixels.shape[0] != pixels.shape[1]:
        raise ValueError(f"pixels must be square; got {pixels.shape[1]} x {pixels.shape[0]}")
    if not centimetres > 0:
        raise ValueError(f"centimetres must be above 0; got {centimetres!r}")
    side = len(pixels)
    factor = max(1, round(centimetres / INCH * DPI / side))
    dpi = side * factor / (centimetres / INCH)
    large = imaging.enlarge(pixels, side * factor)
    dots = len(large)
    margin, below = (round(length / INCH * dpi) for length in (MARGIN, CAPTION))
    image = Image.new("RGB", (dots + 2 * margin, dots + 2 * margin + below), "white")
    image.paste(Image.fromarray(large.squeeze()).convert("RGB"), (margin, margin))
    draw = ImageDraw.Draw(image)
    line = max(1, round(dpi / 150))
    frame = (margin - line, margin - line, margin + dots + line - 1, margin + dots + line - 1)
    draw.rectangle(frame, outline="black", width=line)
    font = ImageFont.load_default(max(6, round(LETTERS * 0.8 / INCH * dpi)))
    letters = max(8, int(dots / font.getlength("n")))
    draw.multiline_text(
        (margin, 2 * margin + dots), textwrap.fill(caption, letters), fill="black", font=font
    )
    return Sheet(image, dpi, (margin, margin, margin + dots, margin + dots))


def file(made: Sheet, kind: str) -> bytes:
    """The bytes of a "PNG" or "PDF" that says its own size."""
    written = io.BytesIO()
    size = {"dpi": (made.dpi, made.dpi)} if kind == "PNG" else {"resolution": made.dpi}
    made.image.save(written, kind, **size)
    return written.getvalue()


def on_paper(universal: PatchUniversal) -> np.ndarray:
    """The sticker as uint8 ``[h, h, c]``, white where a round one ends."""
    pixels = to_pixels(universal.delta)[0]
    inside = universal.mask.reshape(len(pixels), -1, 1).bool().numpy()
    return np.where(inside, pixels, np.uint8(255))


def caption_of(name: str, universal: PatchUniversal, centimetres: float) -> str:
    """What the sticker is, below it on the paper."""
    target = universal.record.get("goal_parameters", {}).get("target")
    model = universal.record["model"]
    said = "" if target is None else f" to say {zoo.describe(model).class_names[target]}"
    return (
        f"{name}: made for {model}{said}; {centimetres:g} cm wide. An adversarial patch, for tests."
    )


def draw(model: Description, chosen: Chosen, how: str) -> None:
    """The sheet and the two downloads."""
    st.markdown("## Print a sticker")
    names = zoo.universals(model.name, "patch")
    if not names:
        known = [each for each in zoo.bundled() if zoo.universals(each, "patch")]
        st.info(f"No sticker is bundled for this model. There is one for {' and '.join(known)}.")
        return
    st.markdown(WHAT)
    name = names[0]
    universal = load(name)
    assert isinstance(universal, PatchUniversal)
    centimetres = st.slider(
        "Width of the sticker",
        2.0,
        18.0,
        step=0.5,
        key=setting("print_cm", 8.0, number(float, 2, 18), called="Width"),
        persist_state="session",
        format="%.1f cm",
        width=320,
    )
    made = sheet(
        to_pixels(universal.delta)[0], centimetres, caption_of(name, universal, centimetres)
    )
    with st.container(horizontal=True):
        for kind, mime in (("PDF", "application/pdf"), ("PNG", "image/png")):
            st.download_button(
                f"Download the {kind}",
                partial(file, made, kind),
                file_name=f"{name}-{centimetres:g}cm.{kind.lower()}",
                mime=mime,
                icon=":material/print:",
            )
    small = made.image.copy()
    small.thumbnail((420, 520))
    wide, high = (length / made.dpi * INCH for length in made.image.size)
    told = f"The sheet, {wide:.1f} x {high:.1f} cm; the sticker in it is {centimetres:g} cm wide."
    st.image(imaging.png(np.asarray(small)), caption=told, alt=told, output_format="PNG")
