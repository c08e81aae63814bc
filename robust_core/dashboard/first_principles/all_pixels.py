"""All pixels: raw values as numbers, the signs of their slopes, and the sum; the deck's tables below."""

from dataclasses import dataclass

import streamlit as st

from robust_core.dashboard.first_principles import pixel, subject
from robust_core.dashboard.first_principles.places import Places
from robust_core.dashboard.first_principles.subject import Subject
from robust_core.dashboard.topics import pixel_markup
from robust_core.experiment.pixels import Ascent
from robust_core.words.numbers import number
from robust_core.words.verdict import said

ROWS, COLUMNS = 8, 7
"""As in the deck."""
RAW = (
    (0.217, 0.213, 0.281, 0.301, 0.250, 0.221, 0.216),
    (0.167, 0.205, 0.278, 0.308, 0.272, 0.234, 0.235),
    (0.121, 0.160, 0.212, 0.250, 0.236, 0.258, 0.219),
    (0.119, 0.099, 0.171, 0.204, 0.229, 0.179, 0.213),
    (0.144, 0.117, 0.105, 0.167, 0.173, 0.204, 0.265),
    (0.170, 0.152, 0.114, 0.203, 0.245, 0.264, 0.235),
    (0.168, 0.184, 0.186, 0.203, 0.263, 0.299, 0.288),
    (0.180, 0.170, 0.220, 0.222, 0.237, 0.269, 0.324),
)
SIGNS = (
    (1, 1, 1, 1, 1, 1, -1),
    (-1, 1, -1, -1, 1, -1, -1),
    (1, -1, -1, -1, 1, 1, -1),
    (-1, -1, -1, 1, 1, 1, 1),
    (-1, -1, -1, -1, 1, 1, -1),
    (1, 1, -1, -1, 1, -1, -1),
    (-1, -1, -1, -1, 1, 1, 1),
)
"""Quoted from deck 003, whose table of signs has seven rows."""
IDEA = (
    "All pixels do what one did: each looks at its own slope and moves by ε. No value moves further; less "
    "only where the slope is exactly 0, or where 0 or 1 is in the way (underlined)."
)


@dataclass(frozen=True)
class Asked:
    """The picture, and around which of its values to look."""

    subject: Subject
    where: pixel.Where


def choose(places: Places) -> Asked:
    """The picture, eps, and a pixel in the middle of the tables."""
    chosen = subject.choose(places)
    with places.more:
        where = pixel.choose(chosen.request.model, "pixel", "Middle")
    return Asked(chosen, where)


def show(asked: Asked) -> None:
    """Three tables of this picture, and two of the deck's."""
    found = None
    if asked.subject.here:
        found = asked.subject.compute(lambda model, found, progress: found, channel="ascent")
    if found is not None:
        channel, row, column = found.steepest(asked.where)
        top = start(row, found.image.shape[1], ROWS)
        left = start(column, found.image.shape[2], COLUMNS)
        st.markdown(f"## {told(found)}")
        st.html(tables(found, channel, top, left))
        st.caption(
            f"Rows {top} to {min(top + ROWS, found.image.shape[1]) - 1}, columns {left} to "
            f"{min(left + COLUMNS, found.image.shape[2]) - 1}, {asked.subject.channel(channel)}. "
            f"{asked.subject.conditions()}"
        )
    st.markdown(IDEA)
    st.markdown("### In the deck")
    st.html(quoted())
    st.caption("Quoted from deck 003 (Y. S. Cho, 2020); its table of signs has seven rows.")
    asked.subject.close()


def start(middle: int, size: int, length: int) -> int:
    """Where a window of ``length`` begins, with ``middle`` in it and all of it in the picture."""
    return max(0, min(middle - length // 2, size - length))


def told(found: Ascent) -> str:
    """How many values move, and what comes of it."""
    moved = int((found.adversarial != found.image).sum())
    end = said(found.after)
    still = "still says" if found.after.index == found.before.index else "says"
    return (
        f"{moved:,} of {found.image.numel():,} values move, each by at most {found.eps:g}: the network "
        f"{still} {end}"
    )


def tables(found: Ascent, channel: int, top: int, left: int) -> str:
    """Raw values, signs, and the sum, of one window of one channel, as HTML."""
    part = (channel, slice(top, top + ROWS), slice(left, left + COLUMNS))
    raw, sign, total = found.image[part], found.sign[part], found.adversarial[part]
    free = raw.double() + found.eps * sign
    cut = {
        round(value, 6) for value in total[(free - total).abs() > 1e-6].double().flatten().tolist()
    }

    def sum_look(value: float) -> str:
        clipped = "class=cut " if round(value, 6) in cut else ""
        return clipped + pixel_markup.grey(value)

    return (
        f"{pixel_markup.TABLE}<div class=grids>"
        + pixel_markup.table("x", "raw values", raw.tolist(), _three, pixel_markup.grey)
        + f"<span class=sign>+ {number(found.eps)} ×</span>"
        + pixel_markup.table(
            "sign(∇J)", "of their slopes", sign.tolist(), _whole, pixel_markup.signed
        )
        + "<span class=sign>=</span>"
        + pixel_markup.table(
            "x + ε sign(∇J)", "clipped to [0, 1]", total.tolist(), _three, sum_look
        )
        + "</div>"
    )


def quoted() -> str:
    """The deck's two tables."""
    return (
        f"{pixel_markup.TABLE}<div class=grids>"
        + pixel_markup.table("Raw data", "8 × 7 values", RAW, _three, pixel_markup.grey)
        + pixel_markup.table("Signed gradient", "", SIGNS, _whole, pixel_markup.signed)
        + "</div>"
    )


def _three(value: float) -> str:
    return f"{value:.3f}"


def _whole(value: float) -> str:
    return f"{value:+.0f}" if value else "0"
