"""First principles in a browser: a click into the plane moves the point, and the animation plays."""

from tests.browser.conftest import AT_REST


def test_a_click_moves_the_point_and_the_curve_plays(opening):
    page = opening("first_principles?idea=boundary", ".stPlotlyChart .main-svg", 1280, 900)
    page.get_by_text("The nearest adversarial point is").wait_for()
    page.wait_for_function(AT_REST)
    plot = page.locator(".stPlotlyChart .nsewdrag").first.bounding_box()
    page.mouse.click(plot["x"] + 0.1 * plot["width"], plot["y"] + 0.2 * plot["height"])
    page.get_by_text("wrong here before anyone attacks").wait_for()
    assert page.get_by_label("Across").input_value() == "0.10"
    assert page.get_by_label("Up").input_value() == "0.80"
    page.get_by_role("radio", name="Being evil").click()
    page.get_by_text("Smooth enough?").wait_for()
    page.wait_for_function("document.querySelectorAll('.updatemenu-button').length >= 4")
    page.wait_for_function(AT_REST)
    chart = page.locator(".stPlotlyChart:has(.updatemenu-button)").first
    chart.get_by_text("Play", exact=True).click()
    # It opens with the last step and goes through the others: one of them is seen, however slow it is.
    page.wait_for_function(
        "[...document.querySelectorAll('.stPlotlyChart:has(.updatemenu-button)')[0]"
        ".querySelectorAll('text')].some(text => /^step ([0-9]|1[0-3])$/.test(text.textContent))"
    )
    chart.get_by_text("step 14", exact=True).wait_for()
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("document.documentElement.scrollWidth <= 390")
