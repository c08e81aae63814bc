"""The five axes of a threat model, and the attacks that have the chosen values."""

import streamlit as st

from robust_core import attacks
from robust_core.dashboard.choices import choose_one
from robust_core.words import threat_model

COLUMNS = 3


def everything() -> list[str]:
    """The names of all attacks, those on a model with its detector last."""
    return [*attacks.names(), *attacks.names(pair=True)]


def choose_values() -> dict[str, str]:
    """A row for each axis: its question, the values that exist, and what the chosen one means."""
    wanted = {}
    for axis in threat_model.AXES:
        with st.container(gap=None):
            st.markdown(f"**{axis.capitalize()}** — {threat_model.QUESTIONS[axis]}")
            there = threat_model.existing(everything(), axis)
            words = threat_model.WORDS.get(axis, {}) if axis != "goal" else {}
            wanted[axis] = choose_one(
                axis.capitalize(),
                {threat_model.ANY: "any"} | {value: words.get(value, value) for value in there},
                f"threat_{axis}",
                threat_model.ANY,
                label_visibility="collapsed",
                wrap=True,
            )
            if wanted[axis] != threat_model.ANY:
                st.caption(explained(axis, wanted[axis]))
    return wanted


def explained(axis: str, value: str) -> str:
    """What the chosen value means, in a sentence."""
    words = threat_model.explanation(axis, value)
    return f"Wanted of the model: {words}." if axis == "goal" else words


def show_matching(wanted: dict[str, str]) -> None:
    """Each attack with these values, as a link that opens it."""
    found = [name for name in everything() if threat_model.matches(attacks.get(name), wanted)]
    total = len(everything())
    st.markdown(f"## {len(found)} of {total} attacks have this threat model")
    if not found:
        st.info('No attack here has all of these values at once. Set one of them to "any".')
        return
    columns = st.columns(COLUMNS, gap="small")
    share = -(-len(found) // COLUMNS)
    for place, column in enumerate(columns):
        with column.container(gap=None):
            for name in found[place * share : (place + 1) * share]:
                page, query = opens(name)
                st.page_link(page, label=attacks.get(name).title, query_params=query)


def opens(name: str) -> tuple[str, dict[str, str]]:
    """The page on which an attack can be run, and the settings that choose it there."""
    attack = attacks.get(name)
    if attack.scope == "universal":
        if attack.norm == "l0":
            return "pages/universal.py", {"shared": "patch"}
        return "pages/universal.py", {"shared": "perturbation", "universal": name}
    return "pages/attack.py", {"attack": name}
