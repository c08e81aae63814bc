"""The way from page to page: by finger on a phone, and by keyboard alone."""

from tests.browser.conftest import AT_REST, go
from tests.contents import SECTIONS
from tests.live import PHONE


def test_on_a_phone_all_pages_are_two_taps_away(opening):
    page = opening("robustness_report?model=digits-cnn", "h2", **PHONE)
    page.wait_for_function(AT_REST)
    bar = page.locator(".st-key-pages")
    for name in ("Home", "Detectors", "Attack"):
        go(page, name)
        page.wait_for_function("name => document.title.startsWith(name)", arg=name)
        page.locator("[data-testid=stPopoverBody]").wait_for(state="detached")
    for section, pages in SECTIONS.items():
        inside = bar
        if section:
            bar.get_by_role("button", name=section, exact=True).click()
            inside = page.locator("[data-testid=stPopoverBody]")
            inside.wait_for()
        links = inside.locator("a").filter(visible=True)
        assert links.locator("p").all_inner_texts() == list(pages.values())
        for link in links.all():
            box = link.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= PHONE["width"]
            assert box["height"] >= 40, "too small for a finger"


def test_the_keyboard_reaches_every_section_and_its_pages(opening):
    page = opening("home", "[data-testid=stMain] h2", 1280, 720)
    page.wait_for_function(AT_REST)  # a bar that is drawn again loses the focus
    page.get_by_role("button", name="Prove").focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Verify").wait_for()
    page.keyboard.press("Escape")
    page.get_by_test_id("stTopNavPopover").wait_for(state="detached")
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Robustness report").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.title.startsWith('Robustness report')")
    page.get_by_role("button", name="Prove · Robustness report").wait_for()
