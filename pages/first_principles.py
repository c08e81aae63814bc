"""First principles: small worlds in which an idea of the decks can be seen, moved and counted."""

import streamlit as st

from robust_core.dashboard import left_column, navigation, settings
from robust_core.dashboard.first_principles import ideas
from robust_core.dashboard.first_principles.places import Places

navigation.inside_app()
with st.container(horizontal=True, vertical_alignment="top", gap="medium", key="ideas"):
    st.markdown("# First principles", width="content")
    idea = ideas.choose()
essentials, more, right = left_column.columns()
with right:
    status = st.container(key="idea_status")
asked = idea.choose(Places(essentials, more, status))
settings.publish()
with right:
    idea.show(asked)
