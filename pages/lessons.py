"""Lessons: five of nine minutes; predict first, then see it computed."""

import streamlit as st

from robust_core.dashboard import navigation, settings
from robust_core.dashboard.lessons import ask, place, reveal, teacher

navigation.inside_app()
st.container(key="unseen").markdown("# Lessons")
here = place.choose()
settings.publish()
question, result = st.columns([1, 1.35], gap="large")
with question:
    ask.show(here)
    place.show_buttons(here)
with result:
    reveal.show(here)
teacher.show(here.lesson)
