"""What a link fixes and hides, for the whole session: ``lock=eps,attack`` and ``hide=Steps,strip``.

A teacher hands such links out. A locked control shows its value and says that it is locked; a hidden tab or
section is not shown. It is no protection: who opens the page without ``lock`` is free.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from robust_core.dashboard import replaced

LOCKS = {
    "eps": ("any_eps", "eps", "eps255"),
    "picture": ("source", "picture_"),
    "goal": ("target_", "source_", "reach_", "less", "less_"),
}
"""Names in ``lock`` for several settings; one that ends in ``_`` stands for all that begin so.

Any other name is that of one setting, as it is in the address.
"""
SECTIONS = {
    "strip": "effects",
    "advanced": "advanced",
    "more": "more",
    "duel": "duel_section",
    "scores": "scores",
    "teachers": "teachers",
    "give-up": "give_up",
}
"""Names in ``hide`` for parts of a page that are no tabs, by the key of their container."""


@dataclass
class Locked:
    """A locked setting of this run: its name in a sentence, and what puts its value into words."""

    called: str
    shown: Callable[[Any], str] | None


def take(link: dict[str, str]) -> None:
    """Take ``lock`` and ``hide`` out of what a link asks for; without them those of the session stay."""
    for what in ("lock", "hide"):
        if what in link:
            names = [name.strip() for name in link.pop(what).split(",") if name.strip()]
            st.session_state[f"_{what}"] = list(dict.fromkeys(names))
            st.session_state[f"_new_{what}"] = True


def locked(key: str) -> bool:
    """Whether the setting ``key`` may not be changed."""
    return any(_covers(name, key) for name in st.session_state.get("_lock", ()))


def _covers(name: str, key: str) -> bool:
    return any(
        key.startswith(each) if each.endswith("_") else key == each
        for each in LOCKS.get(name, (name,))
    )


def label(words: str, key: str) -> str:
    """The label of a control: a lock stands before it where it is locked."""
    return f":material/lock: {words}" if locked(key) else words


def note(key: str, called: str, shown: Callable[[Any], str] | None) -> None:
    """A setting of this run, for the sentence on what is locked."""
    here: dict[str, Locked] = st.session_state.setdefault("_locked_here", {})
    if locked(key):
        here[key] = Locked(called or key, shown)


def hidden(title: str) -> bool:
    """Whether a tab is hidden, and that it is one that could be."""
    st.session_state.setdefault("_hideable", set()).add(title.lower())
    return title.lower() in _hidden()


def say_contradiction(title: str) -> None:
    """A link that opens a tab and hides it."""
    st.session_state["_contradiction"] = f"The link opens {title} and hides it: it stays hidden."


def _hidden() -> set[str]:
    return {name.lower() for name in st.session_state.get("_hide", ())}


def place() -> None:
    """Where the sentence on what is locked will stand; once per run, from app.py."""
    st.session_state["_place_of_locks"] = st.empty()
    st.session_state["_place_of_hidden"] = st.empty()


def published() -> dict[str, str]:
    """Both, for the address of the page."""
    state = st.session_state
    return {what: ",".join(state[f"_{what}"]) for what in ("lock", "hide") if state.get(f"_{what}")}


def show(settings: Iterable[str]) -> None:
    """After the last setting of a run: what is locked, with its value; what is hidden is taken away.

    Names that mean nothing on the page that the link has opened get a sentence.
    """
    state = st.session_state
    here: dict[str, Locked] = state.pop("_locked_here", {})
    where = state.pop("_place_of_locks", None) or st.container()
    if here:
        told = "; ".join(
            f"{each.called}: {_value(key, each)}"
            for key, each in here.items()
            if state[key] is not False  # a switch that is off changes nothing
        )
        where.caption(f":material/lock: Locked by the link: {told}.")
    keys = [key for name, key in SECTIONS.items() if name in _hidden()]
    if keys:
        chosen = ", ".join(f".st-key-{key}" for key in keys)
        st.html(f"<style>{chosen} {{ display: none !important; }}</style>")
    if state.pop("_new_lock", False):
        known = list(settings)
        odd = [n for n in state["_lock"] if n not in LOCKS and n not in known]
        if odd:
            told = _unknown("lock", odd, "control of this page")
            state.setdefault("_replaced", {})["_lock"] = replaced.Note(told)


def check_hidden() -> None:
    """At the end of a run, when all tabs are known: what ``hide`` asks for in vain gets a sentence."""
    state = st.session_state
    known = state.pop("_hideable", set()) | SECTIONS.keys()
    where = state.pop("_place_of_hidden")
    told = [state.pop("_contradiction")] if "_contradiction" in state else []
    if state.pop("_new_hide", False):
        odd = [name for name in state["_hide"] if name.lower() not in known]
        told += [_unknown("hide", odd, "tab or section of this page")] if odd else []
    if told:
        where.info("  \n".join(told), icon=":material/link_off:")


def _unknown(what: str, names: list[str], kind: str) -> str:
    listed = ", ".join(map(replaced.quoted, names))
    return f"The link asked to {what} {listed}, which is not a {kind}; it is left out."


def _value(key: str, found: Locked) -> str:
    value = st.session_state[key]
    several = value if isinstance(value, list) else [value]
    return ", ".join(map(found.shown or replaced.in_words, several)) or "nothing"
