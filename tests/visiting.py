"""A visit to a page without a browser, for the tests of the pages."""

from pathlib import Path

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from robust_core.paths import ASSETS

APP = str(ASSETS.parent / "app.py")
ADDRESSES = {"compare_defenses": "compare_defences"}
"""Pages whose address is not the name of their file."""


def visit(page: str | None = None, **query: str) -> AppTest:
    """The first run of a page of the app (None: the one it opens with), by a link with a query."""
    test = AppTest.from_file(APP, default_timeout=120)
    if page:
        test.switch_page(page)
        address = ADDRESSES.get(Path(page).stem)
        if address:  # before the first run AppTest knows pages by their files only
            test._page_hash = calc_hash(address)
    test.query_params.update(query)
    return test.run()


def ran(page: AppTest) -> AppTest:
    """The page, on which nothing went wrong."""
    assert not page.exception
    assert not page.error
    return page


def text(page: AppTest) -> str:
    """All that is written on it, but for headings and controls."""
    return "\n".join(m.value for m in (*page.markdown, *page.caption, *page.info))


def bodies(page: AppTest, kind: str) -> list[str]:
    """Its own HTML of one class."""
    return [h.proto.body for h in page.get("html") if f"class={kind}" in h.proto.body]
