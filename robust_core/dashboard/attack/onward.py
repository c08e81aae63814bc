"""The way on from the page Attack: the same experiment, behind defences."""

import streamlit as st

from robust_core.dashboard import settings
from robust_core.zoo import Description

QUESTION = "What would a defence have done?"


def show_way_to_defenses(model: Description) -> None:
    """A link to Compare defences that carries picture, model, attack, eps and goal over.

    What is a default here is named as well: the other page opens with another picture and attack. To be
    shown after the settings are published.
    """
    st.page_link(
        "pages/compare_defenses.py",
        label=QUESTION,
        icon=":material/shield:",
        query_params=settings.onward("model", f"picture_{model.family}", "attack"),
    )
