"""Natural robustness: a change, an edited text, an attacked beat, on a projector and on a phone."""

import re

from robust_core.natural.changes import CHANGES
from tests.browser.conftest import AT_REST
from tests.live import assert_fits

FITS = """() => { const main = document.querySelector('[data-testid=stMain]');
  return main.scrollWidth <= main.clientWidth; }"""


def test_a_picture_a_text_and_a_signal(opening):
    page = opening("natural_robustness?model=digits-cnn", ".seen figure", 1280, 720)
    page.wait_for_function(AT_REST)
    heading = page.locator("[data-testid=stMain] h2").first
    assert re.search(r"^From|at every strength", heading.inner_text())
    strip = page.locator(".seen").bounding_box()
    assert strip["y"] + strip["height"] <= 720, "the strip is on the first screen"
    page.get_by_role("radio", name="Fog").click()
    fog = CHANGES.get("fog")
    page.locator(".seen figcaption", has_text=fog.words(fog.strengths[-1])).wait_for()
    page.wait_for_function(AT_REST)
    assert "change=fog" in page.url

    page.get_by_role("radio", name="A text").click()
    page.get_by_role("heading", name="turn Positive into Negative").wait_for()
    area = page.get_by_role("textbox", name="The report")
    area.fill("There is a simple cyst behind the nipple.")
    area.press("Control+Enter")
    page.get_by_role("heading", name="Negative").first.wait_for()
    page.wait_for_function(AT_REST)

    page.set_viewport_size({"width": 390, "height": 844})
    for part in ("A signal", "A text", "A picture"):
        page.get_by_role("radio", name=part).click()
        page.wait_for_function(AT_REST)
        page.wait_for_function(FITS)  # charts take their new width a moment later
        assert_fits(page, part)
