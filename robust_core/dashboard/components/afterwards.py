"""A part of a page that goes on after the page is drawn, in short runs of its own.

The runs are those of ``st.fragment(run_every=...)``. What a component asks for would share one message
with a click of the same moment, which then runs the fragment alone and not the page; and it would call back
a visitor who has just clicked on a link. Streamlit keeps its own timers clear of both.
"""

from collections.abc import Callable

import streamlit as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx

EVERY = 0.4
"""Seconds from one run to the next."""


def go_on(draw: Callable[[], object], more: Callable[[], bool]) -> None:
    """Draw a part of the page, and again for as long as there is ``more``; an error ends it."""

    def part() -> None:
        try:
            draw()
        except Exception:
            _stop()
            raise
        if is_due() and not more():
            _stop()

    st.fragment(part, run_every=EVERY if more() else None)()


def is_due() -> bool:
    """Whether this run is one of the later ones: whatever took the page long may be done in it.

    Without a browser, as in tests, none ever is.
    """
    return bool(_fragments())


def _fragments() -> list[str]:
    """The fragments that this run is for; none where it is for the whole page."""
    context = get_script_run_ctx()
    return (context and context.fragment_ids_this_run) or []


def _stop() -> None:
    """Streamlit itself stops a timer only with the fragment around it or the whole page."""
    message = ForwardMsg()
    message.stop_auto_rerun.fragment_ids.extend(_fragments())
    if context := get_script_run_ctx():
        context.enqueue(message)
