"""Links of the decks in a browser: they open what their row promises, with the word for it."""

import pytest

from robust_core.words.decks import ROWS

SAMPLE = ("002-13", "001-16", "003-02", "003-28", "003-30", "004-04")
"""A tab of a report, a list, a tab of a result, an idea on a picture, figures, and an idea without one."""


@pytest.mark.parametrize("row", [ROWS[each] for each in SAMPLE], ids=SAMPLE)
def test_a_link_opens_in_a_browser(row, opening):
    page = opening(row.link.removeprefix("/"), f"text={row.finds.strip('*')}")
    page.get_by_text("Slides, ").filter(has_text=row.id).filter(
        has_text=row.status
    ).first.wait_for()
