"""Which loss is drawn: log-odds, or cross-entropy."""

import streamlit as st

from robust_core.dashboard.choices import choose_one
from robust_core.experiment.pixels import MEASURES, Measure

FLAT = "Cross-entropy is softplus of the log-odds: it rises where they rise, but is flat for a sure answer."


def choose_measure() -> Measure:
    """A row of buttons, and why there are two."""
    titles = {name: measure.title for name, measure in MEASURES.items()}
    name = choose_one("Loss J", titles, "pixel_loss", "odds", width="stretch")
    st.caption(FLAT)
    return MEASURES[name]
