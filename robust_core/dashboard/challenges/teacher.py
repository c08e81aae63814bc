"""For teachers: the links that open a challenge, and what they can fix and hide."""

import streamlit as st

LINKS = """
A link opens a challenge: `/challenges?challenge=3`. The page's address holds all settings.

* `lock=challenge`: no other challenge; `lock=challenge_attack`, `lock=challenge_way`: as the link says.
* `hide=give-up`: nobody can give up.
* The sheet has every try with its seed. The code on it, or on the page, reproduces the verdict.
"""


def show() -> None:
    """Folded away."""
    with st.expander("For teachers", icon=":material/school:", key="teachers"):
        st.markdown(LINKS)
