"""What the theme cannot say: tighter margins, and pixels that stay square when enlarged."""

import streamlit as st

CLEAN, ADVERSARIAL, DEFENDED, DETECTOR = "#0072B2", "#D55E00", "#009E73", "#CC79A7"

PICTURE_SIDE = 256
"""Pictures are enlarged to at most this many pixels a side, by a whole factor."""

_CSS = """<style>
.stMainBlockContainer { padding: 3.25rem 2rem 4rem; max-width: 1500px; }
@media (max-width: 640px) { .stMainBlockContainer { padding: 3.25rem 1rem 4rem; } }
[data-testid="stImage"] img { image-rendering: pixelated; }
[data-testid="stMetricValue"] { font-size: 1.15rem; line-height: 1.5; }
</style>"""


def apply() -> None:
    """Once a run, from app.py. The text is constant: nothing of a user's goes into it."""
    st.html(_CSS)
