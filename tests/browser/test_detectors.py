"""The page Detectors in a browser: scores, duel, tabs, costs and toy with what is bundled; a phone."""

import pytest

from robust_core import zoo
from robust_core.dashboard.detectors.measured import PARTS
from tests.live import PHONE, assert_fits

PAGE = "detectors"


@pytest.fixture(scope="module")
def page(tabs, address):
    """One visit on a desk; whatever a test changes, the others find their own section."""
    page = tabs(1440)
    page.goto(f"http://{address}/{PAGE}")
    page.locator(".panel b").first.wait_for()
    yield page
    assert page.get_by_test_id("stException").count() == 0
    page.close()


def test_every_bundled_detector_says_something_of_the_picture(page):
    rows = page.locator(".panel [role=row]:has([role=rowheader])")
    assert rows.count() == len(zoo.detectors("cifar10-resnet32"))
    assert page.locator(".panel .score").count() == 2 * rows.count()
    page.get_by_text("detectors flag the adversarial picture").wait_for()


def test_the_duel_changes_with_sigma(page):
    said = page.get_by_text("The classifier says")
    said.wait_for()
    before = said.text_content()
    page.get_by_role("slider", name="Sigma").press("End")
    page.wait_for_function(
        "before => [...document.querySelectorAll('p')].some(p => p.textContent.includes("
        "'The classifier says') && p.textContent !== before)",
        arg=before,
    )


@pytest.mark.parametrize("tab", PARTS)
def test_each_tab_shows_what_was_measured_with_its_n(page, tab):
    page.get_by_role("tab", name=tab, exact=True).click()
    panel = page.get_by_role("tabpanel").filter(visible=True).first
    panel.get_by_text(f"--part {PARTS[tab][0]}").wait_for()
    panel.locator("[data-testid=stPlotlyChart] svg, [data-testid=stDataFrame]").first.wait_for()
    assert panel.get_by_text("was not measured").count() == 0


def test_a_dearer_harm_costs_more(page):
    cost = page.get_by_test_id("stMetric").filter(has_text="Cost").last
    cost.wait_for()
    before = cost.text_content()
    page.get_by_role("slider", name="Cost of harm").press("End")
    page.wait_for_function("location.search.includes('cost_harm=50.0')")
    page.wait_for_function(
        "before => [...document.querySelectorAll('[data-testid=stMetric]')].filter("
        "m => m.textContent.includes('Cost')).at(-1).textContent !== before",
        arg=before,
    )


def test_the_toy_is_drawn_for_both_detectors(page):
    page.get_by_role("button", name="Train three small networks").click()
    page.get_by_text("pass the static detector").wait_for()
    page.get_by_text("Dynamic detector", exact=True).wait_for()


def test_a_phone_shows_the_chain_and_never_scrolls_sideways(page):
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    page.locator(".chain .here").first.wait_for()
    chip = page.get_by_role("radio", name="AD(4)")
    chip.focus()
    chip.press("Space")
    page.get_by_text("64 × 8 × 8. The detector there").wait_for()
    page.wait_for_function("location.search.includes('point=AD')")
    if zoo.detectors("cifar10-resnet32"):
        page.locator(".panel b").first.wait_for()
        slider = page.get_by_role("slider", name="Sigma")
        slider.press("End")
        page.wait_for_function("location.search.includes('sigma=1.0')")
        page.get_by_text("The classifier says").wait_for()
    else:
        page.get_by_text("No detectors are bundled").wait_for()
    assert_fits(page)
