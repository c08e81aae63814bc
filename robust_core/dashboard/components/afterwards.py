"""A part of a page that goes on after the page is drawn: the browser asks for its next run.

Streamlit runs whatever page the newest request names, so that a request of the page that a visitor is
leaving would call them back. Nothing is asked for between a click on a link and the next page.
"""

import streamlit as st

PAUSE = 60
"""Milliseconds between two runs; what a visitor does meanwhile comes first."""
FIRST = 250
"""Milliseconds before the first: the page is drawn."""

_JS = """
let timer, drawing, left;

const leave = (event) => {
  const link = event.type === 'popstate' || event.target.closest?.('a[href]');
  const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || link?.target === '_blank';
  if (!link || elsewhere || link.hasAttribute?.('download')) return;
  clearTimeout(timer);
  left = drawing;  // what a run under way still sends comes from there, too
};
addEventListener('click', leave, true);
addEventListener('popstate', leave, true);

export default function ({ data, setTriggerValue }) {
  drawing = data.drawing;
  clearTimeout(timer);
  if (drawing !== left) timer = setTimeout(() => setTriggerValue('due', data.turn), data.pause);
  return () => clearTimeout(timer);
}
"""

_component = st.components.v2.component("robust_lab_afterwards", js=_JS)


def page_drawn(key: str) -> None:
    """To be called in each run of the whole page."""
    st.session_state[f"_{key}_page"] = st.session_state.get(f"_{key}_page", 0) + 1


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
    data = {"turn": turn, "pause": pause, "drawing": st.session_state.get(f"_{key}_page")}
    _component(key=key, data=data, on_due_change=lambda: None, height=0)
