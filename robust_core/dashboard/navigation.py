"""Sections, deep links and restarts: every page runs inside app.py, even the first one asked for."""

import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

RESTARTED = (
    "Robust Lab was restarted, or another of its servers has taken over. Your settings are as before; "
    "what was uploaded or photographed is gone, and running work has ended."
)
SHOWN = 60.0
"""Seconds for which this is shown."""

Sections = Mapping[str, Sequence[StreamlitPage]]
"""The pages by the section in the navigation that they are in; those of "" stand in the bar itself."""


def inside_app() -> None:
    """First line of every page: where it runs without app.py, begin again inside it.

    Where there is a folder called ``pages``, Streamlit runs the script behind the address without app.py,
    and so without its layout and navigation, until app.py has run once in the process. It then counts
    app.py among the pages. Its own mark, ``uses_pages_directory``, is not enough: choices that come
    while the first run still imports are answered by runs that began before the mark was changed.
    """
    context = get_script_run_ctx()
    if context is None:
        return
    pages = context.pages_manager.get_pages().values()
    main = Path(context.pages_manager.main_script_path).resolve()
    if len(pages) > 1 and any(Path(page["script_path"]).resolve() == main for page in pages):
        PagesManager.uses_pages_directory = False  # what st.navigation does in app.py
        st.rerun()


def say_restarted() -> None:
    """Tell a page whose server was started again or is lost, for its first minute at this one.

    Such a page is new to the server, and yet comes with the values of its widgets. ``settings`` takes what
    the address holds, since a widget that is not made yet has no value that could be checked.
    """
    if "_restarted" not in st.session_state:
        context = get_script_run_ctx()
        came_with_values = context is not None and context.session_state.get_widget_states()
        st.session_state["_restarted"] = time.monotonic() if came_with_values else -SHOWN
    if time.monotonic() - st.session_state["_restarted"] < SHOWN:
        st.info(RESTARTED, icon=":material/restart_alt:")


def mark_section(sections: Sections, page: StreamlitPage) -> None:
    """In the bar at the top, the section of the page that is open is bold, and followed by its name.

    Streamlit says which page is open inside the menu of its section alone.
    """
    bar = [name for name in sections for _ in range(1 if name else len(sections[name]))]
    here = next(name for name, pages in sections.items() if page in pages)
    if here:
        button = f"[data-testid=stTopNav] > :nth-child({bar.index(here) + 1}) button"
        named = (
            "" if page.title == here else f' {button} p::after {{ content: " · {page.title}"; }}'
        )
        st.html(f"<style>{button} p {{ font-weight: 600; }}{named}</style>")


def place_links(sections: Sections, page: StreamlitPage) -> None:
    """The same pages for a phone, one menu a section: see style.py.

    A menu has the open page in its key, so that choosing a page closes it.
    """
    with st.container(key="pages"):
        for section, pages in sections.items():
            where = "here" if page in pages else "there"
            key = f"{where}_{section.lower()}_{page.url_path}"
            with st.popover(section, type="tertiary", key=key) if section else nullcontext():
                for each in pages:
                    st.page_link(each)
