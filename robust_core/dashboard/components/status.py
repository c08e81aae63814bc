"""The word beside what a slide shows: live, simulated or quoted, with the slide's row of the decks.

Tabs and the foot of each page say it by themselves, for the rows of the table in ``words.decks``.
``status`` is for a place of its own, where a page has rows of several kinds.
"""

import streamlit as st

from robust_core.words.decks import MEANING, ROWS, TABS, Row

_SAID = "_rows_said"
CHOSEN_FOR_SPEED = {"model", "attack", "attacks", "defenses", "by_labels"}
"""Settings of a link that make a good example; what the row shows is there with others, too."""


def status(*ids: str) -> None:
    """A small caption for the rows ``ids``; what a word means is its tooltip."""
    st.session_state.setdefault(_SAID, set()).update(ids)
    by_word: dict[str, list[str]] = {}
    for each in ids:
        by_word.setdefault(ROWS[each].status, []).append(each)
    told = "; ".join(f"**{word}**: {', '.join(rows)}" for word, rows in by_word.items())
    meant = " ".join(f"{word.capitalize()}: {MEANING[word]}." for word in by_word)
    st.caption(f":small[Slides, {told}]", help=f"Decks and rows of docs/decks.md. {meant}")


def of_tab(key: str, title: str) -> None:
    """The rows of an open tab."""
    rows = [row.id for row in ROWS.values() if row.settings.get(key) == title and _matches(row)]
    if rows:
        status(*rows)


def foot(address: str) -> None:
    """The rows of a page that nothing on it has said yet; called once the page is drawn."""
    said = st.session_state.pop(_SAID, set())
    rows = [
        row.id
        for row in ROWS.values()
        if row.address == address
        and row.id not in said
        and not TABS & row.settings.keys()
        and _matches(row)
    ]
    if rows:
        status(*rows)
        st.session_state.pop(_SAID, None)


def _matches(row: Row) -> bool:
    """Whether the page is set to what the row's link asks for."""
    asked = {k: v for k, v in row.settings.items() if k not in CHOSEN_FOR_SPEED | TABS}
    return all(str(st.session_state.get(key)) == value for key, value in asked.items())
