"""A picture to draw rectangles on. What is drawn snaps to the pixels of the picture."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

from robust_core import imaging

SIDE = 256
"""The picture is enlarged to at most this many pixels a side, by a whole factor."""
LINE = {"stroke_color": "#D55E00", "stroke_width": 2, "fill_color": "rgba(213, 94, 0, 0.25)"}


class Box(NamedTuple):
    """Left, top, width and height in pixels of the picture."""

    x: int
    y: int
    w: int
    h: int


@st.fragment  # what the canvas says of itself once it is there runs this part alone, not the page
def painter(
    pixels: np.ndarray, boxes: Sequence[Box], *, key: str, on_draw: Callable[[list[Box]], None]
) -> None:
    """``pixels`` uint8 ``[H, W, C]`` with ``boxes`` on them; the page runs again once they are others.

    Before that, ``on_draw`` gets the boxes that are there then. The canvas keeps its own boxes for as long
    as nothing else changes them, so that its buttons to undo and redo work.
    """
    # It can be imported only where Streamlit runs, and few visitors open it.
    from streamlit_drawable_canvas import CanvasResult, boxes_to_drawing, st_canvas

    state = st.session_state.setdefault(f"_{key}", {"canvas": 0})
    if state.pop("drawn", False) and state["now"] != list(boxes):  # these are the boxes of before
        st.rerun()
    height, width = pixels.shape[:2]
    factor = max(1, SIDE // max(height, width))
    if state.get("now") != list(boxes):  # changed elsewhere: drawn on a fresh canvas
        state.update(canvas=state["canvas"] + 1, start=list(boxes), now=list(boxes))
    name = f"{key}_{state['canvas']}_{height}_{width}"

    def drawn() -> None:
        if name != f"{key}_{state['canvas']}_{height}_{width}":
            return  # a canvas that has been replaced
        drawing = st.session_state[name].get("drawing") or {}
        found = CanvasResult(drawing.get("raw"), None, False).boxes
        now = [snapped(box, factor, height, width) for box in found]
        if now != state["now"]:
            state.update(now=now, drawn=True)
            on_draw(now)

    st_canvas(
        **LINE,
        background_image=imaging.png(imaging.enlarge(pixels, factor * max(height, width))),
        height=factor * height,
        width=factor * width,
        drawing_mode="labeled_rect",
        initial_drawing=boxes_to_drawing([enlarged(box, factor) for box in state["start"]], **LINE),
        key=name,
        on_change=drawn,
    )


def enlarged(box: Box, factor: int) -> dict[str, float]:
    """A box on the enlarged picture, as the canvas writes it."""
    names = ("left", "top", "width", "height")
    return {name: float(factor * value) for name, value in zip(names, box, strict=True)}


def snapped(box: dict[str, float], factor: int, height: int, width: int) -> Box:
    """What was drawn on the enlarged picture, on the nearest borders of pixels: at least one pixel."""
    left, right = _span(box["left"], box["width"], factor, width)
    top, bottom = _span(box["top"], box["height"], factor, height)
    return Box(left, top, right - left, bottom - top)


def _span(start: float, length: float, factor: int, most: int) -> tuple[int, int]:
    first = min(max(round(start / factor), 0), most - 1)
    return first, min(max(round((start + length) / factor), first + 1), most)
