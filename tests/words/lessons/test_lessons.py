"""The lessons: their timing, their steps, and the sheet, whose numbers are those of the steps."""

import re

import pytest

from robust_core.__main__ import main
from robust_core.words.lessons import LESSONS, MINUTES
from robust_core.words.lessons.sheet import as_html, sheet
from robust_core.words.lessons.step import Bars

STEPS = [(lesson, k) for lesson in LESSONS for k in range(len(lesson.steps))]


def found_at(lesson, k):
    step = lesson.steps[k]
    return step.find(step.start, None)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: str(lesson.number))
def test_a_lesson_has_five_to_seven_steps_and_takes_its_minutes(lesson):
    assert 5 <= len(lesson.steps) <= 7
    assert sum(step.minutes for step in lesson.steps) == pytest.approx(MINUTES)
    assert lesson.steps[-1].takeaway == lesson.sentence


@pytest.mark.parametrize(("lesson", "k"), STEPS, ids=lambda x: str(getattr(x, "number", x)))
def test_what_a_step_finds_answers_its_question_and_names_its_conditions(lesson, k):
    step, found = lesson.steps[k], found_at(lesson, k)
    assert 0 <= found.right < len(step.choices)
    assert len(set(step.choices)) == len(step.choices)
    assert re.search(r"\d", found.told)
    assert found.figures
    for figure in found.figures:
        if isinstance(figure, Bars):
            assert all(0 <= bar.share <= 1 for bar in figure.rows)
    if step.control is not None:
        assert step.start in step.control.options


@pytest.mark.parametrize(
    ("lesson", "k"),
    [s for s in STEPS if s[0].steps[s[1]].control],
    ids=lambda x: str(getattr(x, "number", x)),
)
def test_every_value_of_a_control_has_a_result(lesson, k):
    step = lesson.steps[k]
    found = [step.find(value, None) for value in step.control.options]
    assert len({one.told + one.conditions for one in found}) > 1
    assert all(0 <= one.right < len(step.choices) for one in found)


def test_more_eps_proves_fewer_and_crown_no_fewer_than_intervals():
    from robust_core.words.lessons.lesson_5 import PLAIN, proved

    counts = [proved(PLAIN, eps, "crown").count("proved") for eps in (0.01, 0.03, 0.1)]
    assert counts == sorted(counts, reverse=True)
    assert proved(PLAIN, 0.03, "ibp").count("proved") <= counts[1]


def test_what_is_proved_is_not_broken_within_its_radius():
    from robust_core.words.lessons.lesson_5 import beyond

    assert beyond(0.02, None).right == 0


def test_the_sheet_has_the_numbers_of_the_steps():
    lesson = LESSONS[4]
    html = sheet([lesson])
    for k, step in enumerate(lesson.steps):
        found = found_at(lesson, k)
        assert as_html(found.told) in html
        assert as_html(found.conditions) in html
        assert f"5.{k + 1}" in html
        assert step.question in html.replace("&#x27;", "'")
    assert html.count("class=right") == len(lesson.steps)


def test_the_command_lists_and_writes(tmp_path, capsys):
    assert main(["lessons"]) == 0
    assert LESSONS[0].steps[0].goal in capsys.readouterr().out
    out = tmp_path / "sheet.html"
    assert main(["lessons", "--sheet", "--lesson", "5", "--out", str(out)]) == 0
    assert out.read_text() == sheet([LESSONS[4]])
    assert main(["lessons", "--sheet", "--lesson", "6"]) == 2
    assert "1 to 5" in capsys.readouterr().err
