"""Tabs of which only the open one is drawn, and which a link may open: ``?depth=Equation``."""

from collections.abc import Callable, Iterable, Mapping

import streamlit as st

from robust_core.dashboard import settings
from robust_core.dashboard.components import status


def draw_open(parts: Mapping[str, Callable[[], object]], key: str) -> None:
    """A tab for each of ``parts``, by its title; the open one is drawn, at first the one in the link."""
    for tab, (title, draw) in zip(tabs(parts, key), parts.items(), strict=True):
        if tab.open:
            with tab:
                draw()
                status.of_tab(key, title)


def tabs(titles: Iterable[str], key: str):
    """The tabs alone; ``key`` names the open one in a link."""
    there = list(titles)
    wanted = settings.linked(key)
    if wanted in there:
        st.session_state[key] = wanted
    return st.tabs(there, key=key, on_change="rerun")
