"""The page Live training in a browser: one click, curves that grow, a result; and on a phone."""

import pytest

PAGE = "live_training"
QUERY = "?live_epochs=2&live_method=clean"


@pytest.fixture
def opened(contexts, address):
    """``opened(width, height)``: the page with its empty charts."""
    pages = []

    def visit(width: int, height: int, **options):
        page = contexts(viewport={"width": width, "height": height}, **options).new_page()
        page.set_default_timeout(90_000)
        pages.append(page)
        page.goto(f"http://{address}/{PAGE}{QUERY}")
        page.locator("[data-testid=stVegaLiteChart] svg.marks").nth(1).wait_for()
        return page

    yield visit
    for page in pages:
        assert page.get_by_test_id("stException").count() == 0
        page.close()


def test_one_click_trains_and_the_curves_stay_the_same_charts(opened):
    page = opened(1280, 720)
    button = page.get_by_role("button", name="Train", exact=True)
    box = button.bounding_box()
    assert box["y"] + box["height"] < 720
    chart = page.locator("[data-testid=stVegaLiteChart]").first
    assert chart.bounding_box()["y"] < 500
    page.evaluate("window.chart = document.querySelector('[data-testid=stVegaLiteChart]')")
    button.click()
    page.locator(".livetable [role=row]").nth(3).wait_for()
    assert page.evaluate("document.contains(window.chart)"), "drawn anew instead of growing"
    page.get_by_text("Fooled").first.wait_for()
    page.get_by_role("link", name="Detectors").first.click()
    page.get_by_role("button", name="Train", exact=True).wait_for(state="detached")
    page.get_by_role("link", name="Live training").first.click()
    page.locator(".livetable [role=row]").nth(3).wait_for()


def test_a_phone_never_scrolls_sideways(opened):
    page = opened(390, 844, color_scheme="dark")
    page.get_by_role("button", name="Train", exact=True).click()
    page.locator(".livetable [role=row]").nth(3).wait_for()
    page.locator(".liveloop").wait_for()
    main = "document.querySelector('[data-testid=stMain]')"
    assert page.evaluate(f"{main}.scrollWidth <= innerWidth")
