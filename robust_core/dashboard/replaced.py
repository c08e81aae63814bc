"""The note on what a link asked for and did not get: shown until the visitor changes a setting."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

LONGEST = 40
"""Characters of a link's value that are quoted."""


@dataclass
class Note:
    """A sentence, and the settings at which it was first shown; None before that."""

    sentence: str
    since: dict[str, str] | None = None


def place() -> None:
    """Where the note will stand; once per run, from app.py."""
    st.session_state["_place_of_notes"] = st.empty()


def remember(
    key: str,
    raw: str,
    value: Any,
    default: Any,
    called: str,
    shown: Callable[[Any], str] | None,
    why: str,
) -> None:
    """Note what became of ``raw`` in the link for the setting ``key``, if it is not what it asked for.

    ``value`` is what was read from it, None where ``default`` took its place. ``called`` names the setting,
    ``shown`` puts a value into words, and ``why`` follows "which".
    """
    words = shown or in_words
    if value is None:
        lost = [raw]
        several = default if isinstance(default, list) else [default]
        verb = "are" if len(several) > 1 else "is"
        ending = f"{' and '.join(map(words, several)) or 'nothing'} {verb} used instead"
    else:
        lost = _dropped(raw, value)
        why = why if len(lost) == 1 else why.replace("is ", "are ", 1)
        ending = "it is left out" if len(lost) == 1 else "they are left out"
    if lost:
        asked = ", ".join(map(quoted, lost))
        told = f"The link asked for {_beginning(called or key)} {asked}, which {why}; {ending}."
        st.session_state.setdefault("_replaced", {})[key] = Note(told)


def show(settings: dict[str, str]) -> None:
    """Show the notes at the top of the page; those first shown at other ``settings`` are over."""
    where = st.session_state.pop("_place_of_notes", st)  # of this run
    notes: dict[str, Note] = st.session_state.get("_replaced", {})
    for key, note in list(notes.items()):
        if note.since is None:
            note.since = settings
        if note.since != settings:
            del notes[key]
    if notes:
        told = "  \n".join(note.sentence for note in notes.values())
        where.info(told, icon=":material/link_off:")


def _dropped(raw: str, value: Any) -> list[str]:
    """The parts of a list in a link that were left out of ``value``."""
    kept = set(map(str, value)) if isinstance(value, list) else set()
    return [part for part in raw.split(",") if part and part not in kept] if kept else []


def _beginning(label: str) -> str:
    """A label inside a sentence; an abbreviation keeps its capitals."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def quoted(raw: str) -> str:
    """A link's value as code, in which nothing is Markdown or a picture to fetch."""
    plain = "".join(c if c.isprintable() and c != "`" else " " for c in raw).strip()
    short = plain if len(plain) <= LONGEST else plain[: LONGEST - 3] + "..."
    return f"`{short}`" if short else "nothing"


def in_words(value: object) -> str:
    if value is None:
        return "the automatic value"
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
