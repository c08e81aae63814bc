"""Prose and computations of a lesson: of the same steps, or a sentence says which differ."""

import re
import tomllib
from pathlib import Path

import pytest

from robust_core import zoo
from robust_core.words.lessons import LESSONS, lesson_1, lesson_3, lesson_4, prose
from robust_core.words.lessons.prose import Part, steps


def test_no_place_for_a_number_is_left_open():
    for lesson in LESSONS:
        for step in lesson.steps:
            assert "{" not in step.text + step.question + step.hint
            assert len(step.choices) > 1


def test_no_question_names_a_setting_by_hand():
    names = re.compile(r"CIFAR-10|\bL2\b")
    for path in Path(prose.__file__).parent.glob("*.toml"):
        for step, words in tomllib.loads(path.read_text(encoding="utf-8")).items():
            assert not re.search(r"\d", names.sub("", words["question"])), step


def test_the_settings_that_questions_name_are_those_of_what_was_made():
    entry = zoo.index()[lesson_3.DETECTOR]
    assert (entry["adversary"], entry["eps"]) == ("bim", pytest.approx(lesson_3.FITTED))
    for subject, threat in ((lesson_4.JPEG, lesson_4.UNAWARE), ("pgd-at", lesson_4.ADAPTIVE)):
        assert lesson_4.row(subject, threat, "pgd").eps == pytest.approx(lesson_4.EPS)


def test_parts_of_other_steps_than_the_prose_are_refused():
    with pytest.raises(ValueError, match=r"^lesson_1.toml must be about two_ways; got two_ways, "):
        steps("lesson_1", Part(lesson_1.two_ways))
