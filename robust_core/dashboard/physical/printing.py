"""The part "Print it": a bundled sticker or sign as a PDF or PNG of an exact size in centimetres."""

import io
import textwrap
from functools import partial
from typing import NamedTuple

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw, ImageFont

from robust_core import imaging, zoo
from robust_core.dashboard.choices import choose_in_list, choose_number
from robust_core.dashboard.physical.printable import Thing, things
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
    "Print it at 100 % (“actual size”), cut it out, and show it to the camera in the next part: a sticker "
    "beside an object, a sign without and with what was put on it."
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


def caption_of(thing: Thing, centimetres: float) -> str:
    """What it is, below it on the paper."""
    kind = "" if thing.told.endswith("unchanged") else " An adversarial sticker, for tests."
    return f"{thing.told}; {centimetres:g} cm wide.{kind}"


def draw(model: Description) -> None:
    """The sheet and the two downloads."""
    st.markdown("## Print it in its exact size")
    offered = things(model.name)
    if not offered:
        known = [
            name for name in zoo.bundled() if zoo.universals(name, "patch") or zoo.posters(name)
        ]
        st.info(f"No sticker is bundled for this model. There is one for {' and '.join(known)}.")
        return
    st.markdown(WHAT)
    thing = _choose(offered, model)
    form = "%.1f cm"
    centimetres = choose_number(
        "Width", 2.0, 18.0, "print_cm", 8.0, step=0.5, format=form, width=320
    )
    made = sheet(thing.pixels, centimetres, caption_of(thing, centimetres))
    with st.container(horizontal=True):
        for kind, mime in (("PDF", "application/pdf"), ("PNG", "image/png")):
            st.download_button(
                f"Download the {kind}",
                partial(file, made, kind),
                file_name=f"{thing.name}-{centimetres:g}cm.{kind.lower()}",
                mime=mime,
                icon=":material/print:",
            )
    small = made.image.copy()
    small.thumbnail((420, 520))
    wide, high = (length / made.dpi * INCH for length in made.image.size)
    told = f"The sheet, {wide:.1f} x {high:.1f} cm; within the frame {centimetres:g} cm wide."
    with st.container(key="sheet"):
        st.image(imaging.data_url(np.asarray(small)), caption=told, alt=told)


def _choose(offered: dict[str, Thing], model: Description) -> Thing:
    """A list only where there is more than one."""
    names = list(offered)
    if len(names) == 1:
        return offered[names[0]]

    def shown(name: str) -> str:
        return offered[name].title if name in offered else name

    key = f"print_{model.family}"
    return offered[choose_in_list("Print", names, key, names[0], shown=shown, width=320)]
