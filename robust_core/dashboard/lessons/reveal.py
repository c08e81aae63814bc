"""The right side of a step: the result beside the prediction, and the control that changes it."""

from typing import Any

import streamlit as st

from robust_core.dashboard import lab
from robust_core.dashboard.lessons.place import Place, predictions
from robust_core.dashboard.topics import pixel_markup, six_frames, two_ways
from robust_core.engine import Reporter, key_of
from robust_core.experiment.pixels import Ascent
from robust_core.toys import descent
from robust_core.words.lessons import markup
from robust_core.words.lessons.step import Figure, Found, TwoWays

CHALLENGES = {2: 5, 4: 1, 5: 7}
"""By lesson, the challenge that it leads to."""
IN_THREES = "<style>@media (min-width: 641px) { .frames { grid: auto / repeat(3, 1fr); } }</style>"
"""Six frames in two rows."""
FIRST = "Predict first: choose an answer, then **Show the result**. It is computed only then."


def show(place: Place) -> None:
    """What was predicted, what came out, the figures, the sentence to take away, and the way on."""
    stored = predictions().get(place.id)
    if stored is None:
        st.info(FIRST, icon=":material/psychology_alt:")
        return
    found = compute(place, place.step.start)
    if found is None:
        return
    _compare(place, stored, found)
    _explore(place, found)
    st.success(f"**{place.step.takeaway}**", icon=":material/bookmark:")
    onward = place.step.onward
    if onward is not None:
        page = "pages/attack.py" if onward.page == "/" else onward.page
        st.page_link(
            page,
            label=onward.words,
            icon=":material/open_in_new:",
            query_params=dict(onward.query),
        )
    if place.is_last:
        _sum_up(place)
        if place.lesson.number in CHALLENGES:
            st.page_link(
                "pages/challenges.py",
                label="Now break one yourself: the challenges",
                icon=":material/trophy:",
                query_params={"challenge": str(CHALLENGES[place.lesson.number])},
            )


def compute(place: Place, value: Any) -> Found | None:
    """The result of a step for a value of its control."""
    step = place.step

    def work(progress: Reporter) -> Found:
        return step.find(value, progress)

    return lab.compute(
        key_of(page="lessons", step=place.id, value=value),
        work,
        channel="lesson",
        doing="Computing",
    )


def _compare(place: Place, stored: int, found: Found) -> None:
    """The prediction beside the result."""
    choices = place.step.choices
    if stored == found.right:
        st.markdown(f":material/check_circle: You predicted it: **{choices[found.right]}**")
    else:
        st.markdown(
            f":material/compare_arrows: You predicted: {choices[stored]}  \nThe result: "
            f"**{choices[found.right]}**"
        )


def _explore(place: Place, found: Found) -> None:
    """The result in words and figures, for the value that the control has now."""
    control = place.step.control
    if control is not None:
        key = f"control_{place.id}"
        st.session_state.setdefault(key, control.start)
        value = st.segmented_control(
            f"{control.label}: change it",
            list(control.options),
            format_func=control.options.__getitem__,
            key=key,
            required=True,
            persist_state="session",
        )
        if value != control.start:
            other = compute(place, value)
            if other is None:
                return
            found = other
    st.markdown(found.told)
    html = "".join(map(markup.of, found.figures))
    if html:
        st.html(markup.CSS + html)
    for figure in found.figures:
        _draw(figure)
    st.caption(found.conditions)


def _draw(figure: Figure) -> None:
    """A figure that is more than HTML of its own."""
    if isinstance(figure, TwoWays):
        two_ways.show("lesson", descent.smooth, descent.slope)
    elif isinstance(figure, Ascent):
        st.html(pixel_markup.CSS + six_frames.frames(figure) + IN_THREES)


def _sum_up(place: Place) -> None:
    """How many predictions of the lesson came true."""
    lesson = place.lesson
    made = predictions()
    answered = [
        (made[each.id], compute(each, each.step.start))
        for k in range(len(lesson.steps))
        if (each := Place(lesson, k + 1)).id in made
    ]
    true = sum(found is not None and found.right == stored for stored, found in answered)
    st.markdown(
        f"**That was lesson {lesson.number}.** You predicted {true} of the {len(answered)} results that "
        "you have seen."
    )
