"""A part of a page that goes on after the page is drawn: the browser asks for its next run."""

import streamlit as st

PAUSE = 60
"""Milliseconds between two runs; what a visitor does meanwhile comes first."""
FIRST = 250
"""Milliseconds before the first: the page is drawn."""

_JS = """
export default function ({ data, setTriggerValue }) {
  const timer = setTimeout(() => setTriggerValue('due', data.turn), data.pause);
  return () => clearTimeout(timer);
}
"""

_component = st.components.v2.component("robust_lab_afterwards", js=_JS)


def is_due(key: str) -> bool:
    """Whether the browser has asked for this run: whatever took the page long may be done in it.

    Without a browser, as in tests, it never is.
    """
    told = st.session_state.get(key)
    return bool(told and told.get("due"))


def run_again(key: str) -> None:
    """Ask the browser for another run of the fragment in which this is called."""
    turn = (
        st.session_state.get(f"_{key}", 0) + 1
    )  # another number each time: else nothing has changed
    st.session_state[f"_{key}"] = turn
    pause = PAUSE if is_due(key) else FIRST
    _component(key=key, data={"turn": turn, "pause": pause}, on_due_change=lambda: None, height=0)
