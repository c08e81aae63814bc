"""Deep links: every page runs inside app.py, even the first one that a server is asked for."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager


def inside_app() -> None:
    """First line of a page with its own address.

    Where there is a folder called ``pages``, Streamlit runs the script behind the address without app.py,
    and so without its layout and navigation, until app.py has run once in the process.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False  # what st.navigation does in app.py
        st.rerun()
