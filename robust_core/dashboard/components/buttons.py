"""The buttons that begin, end and repeat a computation: one icon for each, on every page."""

from collections.abc import Callable
from typing import Any

import streamlit as st


def begin(
    label: str, on_click: Callable[..., None], *args: Any, key: str | None = None, **look: Any
) -> bool:
    """Begins what is not computed before somebody asks for it; whether it was pressed in this run.

    ``look`` goes to Streamlit's button as it is.
    """
    icon = ":material/play_arrow:"
    return st.button(label, key=key, icon=icon, on_click=on_click, args=args, **look)


def stop(on_click: Callable[..., None], *args: Any, key: str) -> None:
    """Ends what is being computed."""
    st.button("Stop", key=key, icon=":material/stop:", on_click=on_click, args=args)


def again(on_click: Callable[..., None], *args: Any, key: str, label: str = "Run it again") -> None:
    """Repeats what ended, was stopped or failed."""
    st.button(label, key=key, icon=":material/replay:", on_click=on_click, args=args)
