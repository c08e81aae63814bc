"""The page Live training in a browser: one click, curves that grow, a result; and on a phone."""

import pytest

from robust_core.dashboard.live_training import words
from robust_core.training.live.train import METHODS
from tests.browser.conftest import AT_REST, go

PAGE = "live_training"
QUERY = "?live_epochs=2&live_method=clean"
CHART = "[data-testid=stVegaLiteChart] svg.marks"
WHOLE = """[...document.querySelectorAll('.katex-display')].flatMap(box =>
  [...box.querySelectorAll('.katex-html > .base')].filter(part =>
  part.getBoundingClientRect().right > box.getBoundingClientRect().right + 1)).length === 0"""
"""No part of a formula lies beyond its line."""


@pytest.fixture
def opened(opening):
    """``opened(width, height)``: the page with its empty charts."""

    def visit(width: int, height: int, **options):
        page = opening(PAGE + QUERY, f"{CHART} >> nth=1", width, height, **options)
        page.set_default_timeout(90_000)
        return page

    return visit


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
    verdict = page.get_by_role("heading", name="Under PGD it gets")
    box = verdict.bounding_box()
    assert box["y"] + box["height"] < 720, "the verdict is not on the first screen"
    said = verdict.inner_text()
    page.wait_for_function(AT_REST)  # the end of a run puts the training's name into the address
    page.reload()
    verdict.wait_for()
    assert verdict.inner_text() == said, "a reload loses the result"
    go(page, "Detectors")
    page.get_by_role("button", name="Train", exact=True).wait_for(state="detached")
    go(page, "Live training")
    page.locator(".livetable [role=row]").nth(3).wait_for()


def test_stop_keeps_the_curves_and_a_kept_training_is_drawn_again(opened):
    page = opened(1280, 720)
    page.get_by_role("button", name="Train", exact=True).click()
    page.locator(".livetable [role=row]").nth(3).wait_for()
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_text("Kept from an earlier training").wait_for()
    page.goto(page.url.partition("?")[0] + "?live_epochs=20")  # not the training on the page
    page.get_by_role("button", name="Train", exact=True).click()
    points = page.locator("[data-testid=stVegaLiteChart] .mark-symbol.role-mark path")
    points.nth(12).wait_for(state="attached")
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_text("curves are those of an unfinished training").wait_for()
    points.nth(5).wait_for()
    assert page.locator(".livetable").count() == 0


def test_a_phone_never_scrolls_sideways(opened):
    page = opened(390, 844, color_scheme="dark")
    page.get_by_role("button", name="Train", exact=True).click()
    page.locator(".livetable [role=row]").nth(3).wait_for()
    page.locator(".liveloop").wait_for()
    page.get_by_text("One step of the training: one loop").wait_for()
    main = "document.querySelector('[data-testid=stMain]')"
    assert page.evaluate(f"{main}.scrollWidth <= innerWidth")


def test_every_formula_is_whole_on_a_phone(opening):
    """What does not fit into the width goes to the next line, once style and fonts are there."""
    page = opening(f"{PAGE}?live_method={next(iter(METHODS))}", ".katex-display", 390, 844)
    for i, method in enumerate(METHODS):
        title = words.WORDS[method].title
        if i:
            page.get_by_role("combobox", name="Method").click()
            page.get_by_role("option", name=title, exact=True).click()
        page.get_by_role("heading", name=title).wait_for()
        page.wait_for_function(WHOLE)
