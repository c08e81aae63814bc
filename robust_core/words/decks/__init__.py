"""The five source decks, row by row: what each slide shows, and where the dashboard shows it.

The one table behind docs/decks.md, the status words on the pages and the test that opens every link. To add
a row, put a ``Row`` into its deck's file and count it in ``COUNTS``.
"""

from robust_core.words.decks import deck_000, deck_001, deck_002, deck_003, deck_004
from robust_core.words.decks.row import LIVE, MEANING, QUOTED, SIMULATED, Row

COUNTS = {"000": 27, "001": 28, "002": 14, "003": 30, "004": 13}
"""How many rows each deck has."""
ROWS = {
    row.id: row for deck in (deck_000, deck_001, deck_002, deck_003, deck_004) for row in deck.ROWS
}
"""All rows, by id."""
TABS = {"depth", "study", "measured", "defense_depth", "report_tabs", "deck002_tabs"}
"""The keys of tabs in the links of rows."""

__all__ = ["COUNTS", "LIVE", "MEANING", "QUOTED", "ROWS", "SIMULATED", "TABS", "Row"]
