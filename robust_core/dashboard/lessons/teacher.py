"""For teachers: the sheet of a lesson to print, and what a link can fix."""

import streamlit as st

from robust_core.dashboard import lab
from robust_core.engine import Reporter, key_of
from robust_core.words.lessons import Lesson
from robust_core.words.lessons.sheet import sheet

LINKS = """
A link opens a lesson or a step: `/lessons?lesson=3&step=2`. On every page a link can also lock and hide:

* `lock=eps,attack,picture`: these controls show the value of the link and cannot be changed.
* `hide=Reproduce,strip`: tabs and sections that are not shown.
"""


def show(lesson: Lesson) -> None:
    """Folded away: the sheet is computed when somebody asks for it."""
    with st.expander("For teachers", icon=":material/school:", key="teachers"):
        st.markdown(LINKS)
        wanted = f"_sheet_{lesson.number}"
        if not st.session_state.get(wanted):
            st.button(
                f"Make the sheet of lesson {lesson.number}",
                on_click=st.session_state.__setitem__,
                args=(wanted, True),
                help="Timing, questions, expected numbers: it shows all answers.",
            )
            return

        def work(progress: Reporter) -> str:
            return sheet([lesson], progress)

        found = lab.compute(
            key_of(page="lessons", sheet=lesson.number),
            work,
            channel="sheet",
            doing="Computing the sheet",
        )
        if found is not None:
            st.download_button(
                "Download the sheet (HTML, to print)",
                found,
                f"lesson-{lesson.number}.html",
                "text/html",
                icon=":material/download:",
            )
