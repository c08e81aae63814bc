"""Attacks behind the curtain in a browser: the counter grows while they ask, and Stop keeps the curve."""

import re

from tests.browser.conftest import AT_REST

QUERY = "?model=digits-cnn&by_labels=surfree&black_box_queries=10000"
COUNT = ".curtained .drape strong"
GROWN = """([count, before]) =>
  Number(document.querySelector(count)?.innerText.replace(',', '')) > before"""


def counted(page) -> int:
    return int(page.locator(COUNT).inner_text().replace(",", ""))


def test_the_counter_grows_until_it_is_stopped(opening):
    page = opening(f"black_box{QUERY}", COUNT, 1440, 900)
    before = 0
    for _ in range(2):
        page.wait_for_function(GROWN, arg=[COUNT, before])
        before = counted(page)
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped: the curves are those of unfinished attacks.").wait_for()
    page.wait_for_function(AT_REST)
    assert before <= counted(page) < 10_000, "it goes on from what was shown, and did not end"
    card = page.locator(".curtained .cards figure").inner_text()
    assert re.search(r"[\d.]+ in L2", card)
    assert page.get_by_role("button", name="Run it again").is_visible()
    assert page.locator("[data-testid=stVegaLiteChart]").count() == 1
