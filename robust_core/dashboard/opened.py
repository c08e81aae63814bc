"""Tabs of which only the open one is drawn, and which a link may open: ``?depth=Equation``."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import streamlit as st

from robust_core.dashboard import fixed, settings
from robust_core.dashboard.components import status

Part = TypeVar("Part")


def draw_open(parts: Mapping[str, Callable[[], object]], key: str) -> None:
    """A tab for each of ``parts``, by its title; the open one is drawn, at first the one in the link."""
    parts = shown(parts)
    if not parts:
        return
    for tab, (title, draw) in zip(tabs(parts, key), parts.items(), strict=True):
        if tab.open:
            with tab:
                draw()
                status.of_tab(key, title)


def shown(parts: Mapping[str, Part]) -> dict[str, Part]:
    """The parts that no link has hidden."""
    return {title: part for title, part in parts.items() if not fixed.hidden(title)}


def tabs(titles: Iterable[str], key: str):
    """The tabs alone; ``key`` names the open one in a link."""
    there = list(titles)
    wanted = settings.linked(key)
    if wanted is not None and fixed.hidden(wanted):
        fixed.say_contradiction(wanted)
    if wanted in there:
        st.session_state[key] = wanted
    return st.tabs(there, key=key, on_change="rerun")
