"""The page Lessons: every lesson is walked to its end, and keeps what was predicted."""

import pytest

from robust_core.dashboard.lessons.reveal import FIRST
from robust_core.words.lessons import LESSONS
from tests.visiting import ran, text, visit


def click(page, key: str):
    return ran(page.button(key=key).click().run())


def predict(page, place: str, choice: int = 0):
    """Choose an answer, and ask for the result."""
    return click(ran(page.radio(key=f"choice_{place}").set_value(choice).run()), f"show_{place}")


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: str(lesson.number))
def test_a_lesson_is_walked_to_its_end_and_back_with_all_predictions_kept(lesson):
    page = ran(visit("lessons", lesson=str(lesson.number)))
    n = len(lesson.steps)
    for number, step in enumerate(lesson.steps, 1):
        place = f"{lesson.number}_{number}"
        assert FIRST in text(page)
        assert f"## {step.goal}" in text(page)
        choice = number % len(step.choices)
        page = predict(page, place, choice)
        found = step.find(step.start, None)
        told = text(page) + "".join(each.value for each in page.success)
        assert found.told in told
        assert found.conditions in told
        assert step.takeaway in told
        assert step.choices[found.right] in told
        said = "You predicted it" if choice == found.right else "You predicted: "
        assert said in told
        if number < n:
            page = click(page, f"next_{place}")
    assert lesson.sentence in page.success[0].value
    assert f"of the {n} results that you have seen" in text(page)
    for number in range(n - 1, 0, -1):
        page = click(page, f"back_{lesson.number}_{number + 1}")
        place = f"{lesson.number}_{number}"
        assert page.session_state["step"] == number
        assert page.radio(key=f"choice_{place}").value == number % len(
            lesson.steps[number - 1].choices
        )
        assert page.radio(key=f"choice_{place}").disabled
        assert FIRST not in text(page)


def test_the_step_is_in_the_address_and_a_link_opens_it():
    page = ran(visit("lessons", lesson="5", step="2"))
    assert f"## {LESSONS[4].steps[1].goal}" in text(page)
    assert page.query_params == {"lesson": "5", "step": "2"}
    page = click(page, "next_5_2")
    assert page.query_params["step"] == "3"
    page = ran(page.segmented_control(key="lesson").set_value(4).run())
    assert f"## {LESSONS[3].steps[0].goal}" in text(page)
    page = ran(page.segmented_control(key="lesson").set_value(5).run())
    assert f"## {LESSONS[4].steps[2].goal}" in text(page)


def test_the_last_step_leads_to_the_next_lesson():
    page = click(ran(visit("lessons", lesson="4", step=str(len(LESSONS[3].steps)))), "next_4_6")
    assert f"## {LESSONS[4].steps[0].goal}" in text(page)


@pytest.mark.parametrize(
    ("lesson", "step", "said"), [("9", "1", "lesson `9`"), ("2", "99", "step `99`")]
)
def test_a_step_that_is_not_there_gets_a_sentence(lesson, step, said):
    page = ran(visit("lessons", lesson=lesson, step=step))
    assert said in text(page)


def test_the_control_changes_the_result_and_not_the_verdict():
    page = predict(ran(visit("lessons", lesson="5", step="2")), "5_2", 2)
    step = LESSONS[4].steps[1]
    page = ran(page.segmented_control(key="control_5_2").set_value(0.01).run())
    other = step.find(0.01, None)
    assert other.told != step.find(step.start, None).told
    assert other.told in text(page)
    assert "You predicted it" in text(page)


def test_the_page_hands_out_the_sheet_that_the_command_writes():
    page = ran(visit("lessons", lesson="5"))
    button = next(b for b in page.button if b.label == "Make the sheet of lesson 5")
    page = ran(button.click().run())
    assert page.get("download_button")
