"""Detectors and their adversaries in words."""

from robust_core import zoo
from robust_core.words.detectors import PAPERS, sources, steps_of


def test_the_size_of_a_step_is_always_named():
    assert steps_of(10, 1 / 255) == "10 steps of 1/255"
    assert steps_of(1, None) == "1 step of 2.5 eps / steps"
    assert steps_of(None, None) == ""


def test_a_step_in_l2_is_said_to_be_one():
    assert steps_of(10, 20 / 255, "l2") == "10 steps of 20/255 in L2"
    assert steps_of(10, None, "l2") == "10 steps of 2.5 eps / steps"


def test_every_bundled_detector_has_its_source():
    told = sources(zoo.index()[name] for name in zoo.detectors())
    for who in ("Metzen et al., 2017", "Lu et al., 2017", "Xu et al., 2018", "Qin et al., 2020"):
        assert told.count(who) == 1
    methods = {zoo.index()[name]["method"] for name in zoo.detectors()}
    assert methods == set(PAPERS)
