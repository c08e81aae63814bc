"""Detectors and their adversaries in words."""

from robust_core.words.detectors import steps_of


def test_the_size_of_a_step_is_always_named():
    assert steps_of(10, 1 / 255) == "10 steps of 1/255"
    assert steps_of(1, None) == "1 step of 2.5 eps / steps"
    assert steps_of(None, None) == ""
