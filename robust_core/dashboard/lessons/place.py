"""Which lesson, and which of its steps: both in the address, and where one was in each lesson."""

from typing import NamedTuple

import streamlit as st

from robust_core.dashboard import fixed
from robust_core.dashboard.choices import choose_one
from robust_core.dashboard.settings import number, setting
from robust_core.words.lessons import LESSONS, Lesson
from robust_core.words.lessons.step import Step


class Place(NamedTuple):
    """A step of a lesson; ``number`` counts from 1."""

    lesson: Lesson
    number: int

    @property
    def step(self) -> Step:
        return self.lesson.steps[self.number - 1]

    @property
    def id(self) -> str:
        """In the keys of what belongs to this step."""
        return f"{self.lesson.number}_{self.number}"

    @property
    def is_last(self) -> bool:
        return self.number == len(self.lesson.steps)


def choose() -> Place:
    """The row of lessons; the step is where the visitor was in that lesson, or what the link says."""
    state = st.session_state
    titles = {lesson.number: f"{lesson.number}. {lesson.title}" for lesson in LESSONS}
    chosen = choose_one("Lesson", titles, "lesson", 1, label_visibility="collapsed", wrap=True)
    lesson = LESSONS[chosen - 1]
    were = state.setdefault("_steps_of_lessons", {})
    if state.get("_lesson_shown") != chosen and "step" in state:
        state["step"] = were.get(chosen, 1)
    setting("step", 1, number(int, 1, len(lesson.steps)), called="Step")
    were[chosen] = state["step"]
    state["_lesson_shown"] = chosen
    return Place(lesson, state["step"])


def show_buttons(place: Place) -> None:
    """Back and next; the last step leads to the next lesson."""
    with st.container(horizontal=True, key="lesson_buttons"):
        st.button(
            "Back",
            icon=":material/arrow_back:",
            disabled=place.number == 1 or fixed.locked("step"),
            on_click=_go,
            args=(place.lesson.number, place.number - 1),
            key=f"back_{place.id}",
            width="stretch",
        )
        if not place.is_last:
            _next("Next", place.lesson.number, place.number + 1, place)
        elif place.lesson.number < len(LESSONS) and not fixed.locked("lesson"):
            _next(f"Lesson {place.lesson.number + 1}", place.lesson.number + 1, 1, place)


def _next(label: str, lesson: int, step: int, place: Place) -> None:
    st.button(
        label,
        icon=":material/arrow_forward:",
        icon_position="right",
        type="primary" if place.id in predictions() else "secondary",
        disabled=fixed.locked("step"),
        on_click=_go,
        args=(lesson, step),
        key=f"next_{place.id}",
        width="stretch",
    )


def _go(lesson: int, step: int) -> None:
    state = st.session_state
    state["lesson"] = lesson
    state["step"] = step
    state["_lesson_shown"] = lesson


def predictions() -> dict[str, int]:
    """What this visitor predicted, by the ``id`` of the step: the number of the choice."""
    return st.session_state.setdefault("_predictions", {})
