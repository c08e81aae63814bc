"""A challenge in a browser: handed in, won, and the sheet kept."""

import re

from tests.browser.conftest import AT_REST

LINK = "challenges?challenge=2&challenge_attack=pgd&challenge_way=through&pgd.steps=20"


def test_a_challenge_is_won_and_its_sheet_is_downloaded(opening, tmp_path):
    page = opening(LINK, "[data-testid=stMain] h2", 1280, 900)
    page.wait_for_function(AT_REST)
    hosts = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.get_by_role("button", name=re.compile("Hand in")).click()
    page.get_by_text("SUCCESS.").wait_for()
    page.locator(".challenge-pictures img").first.wait_for()
    page.wait_for_function(AT_REST)
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("The sheet to hand in")).click()
    file = tmp_path / "sheet.html"
    download.value.save_as(file)
    sheet = file.read_text(encoding="utf-8")
    assert "Challenge 2: Median filter" in sheet
    assert "challenge_way=through" in sheet
    assert "<script" not in sheet
    assert len(hosts) <= 1
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
