"""Threat models: what an attacker knows, wants and may change, and which attacks that describes."""

import streamlit as st

from robust_core.dashboard import navigation, settings
from robust_core.dashboard.threat_models import axes, batch, goals, measures

navigation.inside_app()
st.markdown("# Threat models")
st.markdown(
    "A claim about robustness holds against one attacker: say what that attacker knows, wants and may "
    "change. Five questions, the **axes**, say it."
)
left, right = st.columns([0.85, 1.15], gap="large")
with left:
    wanted = axes.choose_values()
with right:
    axes.show_matching(wanted)
goals.show()
pair = goals.example()
left, right = st.columns([1, 1], gap="large")
with left:
    batch.show()
with right:
    measures.show(pair)
settings.publish()
