"""Something to read while the first visitor of a fresh server waits for PyTorch."""

import importlib
import threading
import time

import streamlit as st

SENTENCE = "Loading PyTorch: a few seconds, once after the server has started."
FLUSH = 0.1
"""Seconds in which the server sends what is drawn: while a library is loaded it cannot."""
_loaded = threading.Event()


def load_libraries() -> None:
    """Import what takes seconds, below what ``app.py`` has drawn by then; later calls do nothing."""
    place = st.empty()
    if _loaded.is_set():
        return
    place.caption(SENTENCE)
    time.sleep(FLUSH)
    importlib.import_module("torch")
    _loaded.set()
    place.empty()


def load_tables() -> None:
    """Import pandas before the first chart; waits where another visitor's run is importing it.

    Plotly looks at whatever ``sys.modules`` holds of pandas, also at half of it.
    """
    importlib.import_module("pandas")
