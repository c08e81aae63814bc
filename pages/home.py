"""Home: what an adversarial example is, why it matters, and where to go from here."""

import streamlit as st

from robust_core.dashboard import navigation, settings
from robust_core.dashboard.home import example, parts

navigation.inside_app()
st.container(key="unseen").markdown("# Home")
pictures, definition = st.columns([2, 1], gap="large", vertical_alignment="center")
doors = st.container()
with definition:
    parts.show_definition()
with doors:
    parts.show_doors()
parts.show_reasons()
parts.show_lessons()
settings.publish()
example.show(pictures)
