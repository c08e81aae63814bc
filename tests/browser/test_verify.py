"""Verify in a browser: zones that are as long as they say, and eps moves what is looked at."""

from tests.browser.conftest import AT_REST

LENGTHS = """() => [...document.querySelectorAll('.zones .big > i')].map(
  (i) => [i.className, i.getBoundingClientRect().width])"""


def test_zones_fill_the_line_and_eps_moves_the_mark(opening):
    page = opening("verify", ".zones", 1440, 900)
    page.get_by_text("The solver does").wait_for()
    page.wait_for_function(AT_REST)
    track = page.locator(".zones .big").bounding_box()["width"]
    lengths = page.evaluate(LENGTHS)
    assert [kind for kind, _ in lengths][::2] == ["proved", "broken"]
    assert abs(sum(length for _, length in lengths) - track) < 2
    mark = page.locator(".zones .eps").bounding_box()["x"]
    page.get_by_test_id("stSlider").first.locator("input[type=range]").press("ArrowLeft")
    page.get_by_text("At eps 0.145").first.wait_for()
    page.wait_for_function(AT_REST)
    assert page.locator(".zones .eps").bounding_box()["x"] < mark
    assert page.locator(".found img").count() >= 2
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
