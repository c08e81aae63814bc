"""The first lesson by keyboard alone, and what axe-core finds before and after a prediction."""

from robust_core.words.lessons import LESSONS
from tests.browser.conftest import AT_REST


def test_lesson_one_is_walked_by_keyboard(opening, barriers):
    lesson = LESSONS[0]
    page = opening("lessons", "[data-testid=stMain] h2", 1280, 720)
    for number, step in enumerate(lesson.steps, 1):
        page.get_by_role("heading", name=step.goal).wait_for()
        page.wait_for_function(AT_REST)
        page.get_by_role("radio", name=step.choices[0], exact=True).focus()
        page.keyboard.press("Space")
        page.locator(f".st-key-show_1_{number} button:enabled").focus()
        page.keyboard.press("Enter")
        page.get_by_text(step.takeaway, exact=True).first.wait_for()
        page.wait_for_function(AT_REST)
        if number in (1, len(lesson.steps)):
            assert barriers(page) == []
        if number < len(lesson.steps):
            page.locator(f".st-key-next_1_{number} button").focus()
            page.keyboard.press("Enter")
    page.get_by_text("That was lesson 1.").wait_for()
    assert "step=6" in page.url
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(AT_REST)
    assert barriers(page, "color-contrast") == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("document.documentElement.scrollWidth <= 390")
