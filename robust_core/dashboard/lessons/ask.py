"""The left side of a step: its goal, the question, and the prediction, stored before anything is shown."""

import streamlit as st

from robust_core.dashboard.lessons.place import Place, predictions


def show(place: Place) -> None:
    """Goal, text, question, choices, and the button that stores the prediction."""
    step = place.step
    st.caption(f"Step {place.number} of {len(place.lesson.steps)}, about {step.minutes:g} minutes")
    st.markdown(f"## {step.goal}")
    st.markdown(step.text)
    stored = predictions().get(place.id)
    key = f"choice_{place.id}"
    if stored is not None:
        st.session_state[key] = stored
    st.markdown(f"**{step.question}**")
    st.radio(
        step.question,
        range(len(step.choices)),
        format_func=step.choices.__getitem__,
        index=None,
        key=key,
        disabled=stored is not None,
        label_visibility="collapsed",
    )
    if stored is None:
        chosen = st.session_state[key]
        st.button(
            "Show the result",
            type="primary",
            disabled=chosen is None,
            on_click=_store,
            args=(place.id, chosen),
            key=f"show_{place.id}",
            width="stretch",
        )
    with st.expander("A hint", icon=":material/lightbulb:", key=f"hint_{place.id}"):
        st.markdown(step.hint)


def _store(place: str, chosen: int) -> None:
    predictions()[place] = chosen
