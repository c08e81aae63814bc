"""The parts of Home below the example."""

import streamlit as st

from robust_core.dashboard.components.status import status
from robust_core.dashboard.home import words
from robust_core.dashboard.home.example import ATTACK
from robust_core.words.lessons import LESSONS, MINUTES


def show_definition() -> None:
    """What an adversarial example is, and the two ways to try it now."""
    st.markdown(words.DEFINITION)
    st.caption(f"{words.DEFINED_BY}.")
    status("004-01")
    with st.container(key="try_it", gap="xsmall"):
        for label, icon, query in (
            ("**Try it now**", "bolt", {"attack": ATTACK}),
            ("With a picture of your own", "upload", {"source": "upload"}),
        ):
            look = f":material/{icon}:"
            st.page_link(
                "pages/attack.py", label=label, icon=look, query_params=query, width="stretch"
            )


def show_doors() -> None:
    """Attacks, defences, verification."""
    for column, door in zip(st.columns(3, gap="medium"), words.DOORS, strict=True):
        with column.container(border=True, height="stretch", gap="xsmall"):
            st.markdown(f"### :material/{door.icon}: {door.title}")
            st.markdown(door.about)
            with st.container(gap=None):
                for page, label in door.pages:
                    st.page_link(page, label=label, icon=":material/chevron_right:")


def show_reasons() -> None:
    """Why it matters, quoted."""
    st.markdown("## Why it matters")
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(words.USED)
        st.markdown(f"*“{words.SAFETY}”*")
        st.caption(f"Quoted: {words.USED_SOURCE}.")
        status("000-01", "003-01")
    with right:
        st.markdown("**Robustness**, what all of this is about:")
        st.markdown(f"*“{words.ROBUST}”*")
        st.caption(f"Quoted: {words.ROBUST_SOURCE}.")


def show_lessons() -> None:
    """The five lessons, in one row."""
    st.markdown(f"## Five lessons of {MINUTES} minutes")
    for column, lesson in zip(st.columns(len(LESSONS)), LESSONS, strict=True):
        with column.container(border=True, height="stretch", gap="xsmall"):
            st.markdown(f"### {lesson.number}. {lesson.title}")
            st.caption(lesson.question)
            st.page_link(
                "pages/lessons.py",
                label=f"Begin lesson {lesson.number}",
                icon=":material/chevron_right:",
                query_params={"lesson": str(lesson.number)},
            )
