"""The page Detectors in a browser: it has something to show also without detectors, on a phone too."""

from robust_core import zoo

PAGE = "detectors"


def test_a_phone_shows_the_chain_and_never_scrolls_sideways(contexts, address):
    page = contexts(viewport={"width": 390, "height": 844}, color_scheme="dark").new_page()
    page.set_default_timeout(45_000)
    page.goto(f"http://{address}/{PAGE}")
    page.locator(".chain .here").wait_for()
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
    for selector in ("html", "[data-testid=stMain]"):
        wide = page.eval_on_selector(selector, "e => e.scrollWidth - e.clientWidth")
        assert wide <= 0, f"{selector} overflows by {wide} pixels"
    assert page.get_by_test_id("stException").count() == 0
    page.close()
