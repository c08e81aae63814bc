"""Prose and computations of a lesson: of the same steps, or a sentence says which differ."""

import pytest

from robust_core.words.lessons import LESSONS, lesson_1
from robust_core.words.lessons.prose import Part, steps


def test_no_place_for_a_number_is_left_open():
    for lesson in LESSONS:
        for step in lesson.steps:
            assert "{" not in step.question + step.hint
            assert len(step.choices) > 1


def test_parts_of_other_steps_than_the_prose_are_refused():
    with pytest.raises(ValueError, match=r"^lesson_1.toml must be about two_ways; got two_ways, "):
        steps("lesson_1", Part(lesson_1.two_ways))
