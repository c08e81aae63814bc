"""Whether a server lets its visitors do what is meant for a machine of one's own."""

import os

import streamlit as st

ALONE = ("localhost", "127.0.0.1", "::1")


def allowed(switch: str) -> bool:
    """As the variable ``switch`` of the server says (on, off), else where it listens to itself alone."""
    said = os.environ.get(switch, "").lower()
    if said in ("on", "off"):
        return said == "on"
    return local()


def local() -> bool:
    """Whether this server listens to its own machine alone."""
    return (st.get_option("server.address") or "") in ALONE
