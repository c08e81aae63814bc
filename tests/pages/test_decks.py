"""The rows of the decks: all are counted, and every link opens a page that shows what was promised."""

from itertools import groupby

import pytest
from google.protobuf import text_format

from robust_core.words.decks import COUNTS, MEANING, ROWS, Row
from tests.contents import PAGES
from tests.visiting import ran, visit

SCRIPTS = {"": None, "compare_defences": "compare_defenses"}


def written(page) -> str:
    """All that a page sends, as text: also its charts, its HTML and its tables."""
    protos = (getattr(each, "proto", None) for each in page.main)
    return "\n".join(text_format.MessageToString(p, as_utf8=True) for p in protos if p is not None)


def as_in_links(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def opened_by(row: Row) -> tuple[str, str]:
    return row.address, row.query


GROUPS = {key: list(rows) for key, rows in groupby(sorted(ROWS.values(), key=opened_by), opened_by)}


def test_every_row_of_every_deck_is_shown():
    every = {f"{deck}-{n:02}" for deck, count in COUNTS.items() for n in range(1, count + 1)}
    assert len(every) == 112
    assert ROWS.keys() == every
    for row in ROWS.values():
        assert row.status in MEANING
        assert row.address in PAGES


@pytest.mark.parametrize("link", GROUPS, ids=lambda link: "?".join(link)[:60])
def test_a_link_opens_what_it_promises_with_the_word_for_it(link):
    rows = GROUPS[link]
    address, settings = rows[0].address, rows[0].settings
    page = ran(visit(SCRIPTS.get(address, address), **settings))
    assert not [each for each in page.info if each.value.startswith("The link asked")]
    for key, value in settings.items():
        assert as_in_links(page.session_state[key]) == value
    told = written(page)
    captions = "\n".join(each.value for each in page.caption)
    for row in rows:
        assert row.finds in told, row.id
        assert row.id in captions
        assert f"**{row.status}**: " in captions
