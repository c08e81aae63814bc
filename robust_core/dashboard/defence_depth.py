"""Below the grid of defences: how they work, and what broke them. Only the open tab is computed."""

import streamlit as st

from robust_core.dashboard import (
    defence_masking,
    defence_penalty,
    defence_privacy,
    defence_race,
    defence_saturation,
    defence_training,
)
from robust_core.dashboard.request import Request

TABS = (
    "Arms race",
    "Gradient masking",
    "Distillation and saturation",
    "Adversarial training",
    "As a penalty",
    "PixelDP",
)


@st.fragment
def show_depth(model_name: str, request: Request | None = None) -> None:
    """The section for the chosen model and, where there is one, the page's request.

    A slider in it reruns it alone, not the page.
    """
    st.markdown("##### How they work, and what broke them")
    parts = (
        lambda: defence_race.show(model_name),
        defence_masking.show,
        defence_saturation.show,
        lambda: defence_training.show(model_name, request),
        defence_penalty.show,
        defence_privacy.show,
    )
    for tab, part in zip(st.tabs(TABS, key="defence_depth", on_change="rerun"), parts, strict=True):
        if tab.open:
            with tab:
                part()
