"""What the address still asks for once the page was loaded again, and no server has kept."""

import streamlit as st

from robust_core.dashboard import own_data, own_model
from robust_core.dashboard.evaluate.pictures import ZIP

NETWORK, PICTURES = "network", "pictures"
ASKED = {NETWORK: ("model", own_model.OWN), PICTURES: ("evaluate_data", ZIP)}
"""The setting of each, and the value with which it is the visitor's own."""
SENTENCE = (
    "{what} belonged to the page before it was reloaded, or to the one that this link came from, and "
    "{are} gone with it, like all rows made with {it}. Bring {it} again."
)


def note() -> None:
    """Remember what the address asks for, on the first run of a session and before any setting is read."""
    state = st.session_state
    if "_evaluate_gone" not in state:
        fresh = "_pages" not in state  # no setting was made on any page
        state["_evaluate_gone"] = [
            what
            for what, (key, value) in ASKED.items()
            if fresh and st.query_params.get(key) == value
        ]


def say() -> None:
    """A sentence about what is still to be brought once more."""
    here = {NETWORK: own_model.current, PICTURES: own_data.current}
    gone = [
        what
        for what in st.session_state.get("_evaluate_gone", ())
        if here[what]() is None and st.session_state.get(ASKED[what][0]) == ASKED[what][1]
    ]
    if gone:
        named = " and ".join(f"the {what}" for what in gone)
        it, are = ("it", "is") if gone == [NETWORK] else ("them", "are")
        st.info(SENTENCE.format(what=f"T{named[1:]}", it=it, are=are))
