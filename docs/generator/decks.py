"""The decks, row by row: what is shown, where, and whether it is live, simulated or quoted."""

from docs.generator.markdown import table
from robust_core.words.decks import COUNTS, MEANING, ROWS

PAGES = {"": "Attack"}


def tables() -> str:
    """A table for each deck, and the meaning of the words."""
    meant = "\n".join(f"- **{word}**: {words}." for word, words in MEANING.items())
    decks = "\n\n".join(f"## Deck {deck}\n\n{_deck(deck)}" for deck in COUNTS)
    return f"{_count()}\n\n{meant}\n\n{decks}"


def _count() -> str:
    by_word = {word: sum(row.status == word for row in ROWS.values()) for word in MEANING}
    told = ", ".join(f"{count} {word}" for word, count in by_word.items())
    return f"{len(ROWS)} of {sum(COUNTS.values())} rows: {told}."


def _deck(deck: str) -> str:
    heads = {"row": "l", "what is shown": "l", "page": "l", "link": "l", "status": "l"}
    rows = (
        (row.id, row.shows, page(row.address), f"`{row.link}`", row.status)
        for row in ROWS.values()
        if row.id.startswith(deck)
    )
    return table(heads, rows)


def page(address: str) -> str:
    """The title of a page as the navigation has it, nearly: its address in words."""
    return PAGES.get(address, address.replace("_", " ").capitalize())
