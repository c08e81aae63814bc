"""Detectors and their adversaries in words."""

import pytest

from robust_core import zoo
from robust_core.experiment.detection import Detection
from robust_core.words.detectors import FAR, PAPERS, hints, sources, steps_of


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


def seen(clean: float = 0.5, **trained_eps: float) -> Detection:
    return Detection(
        *("one", 0.7, clean, 0.9, 0.9),
        *(False, True, True),
        calibration_range=(0.02, 0.98),
        trained_eps=trained_eps,
    )


@pytest.mark.parametrize(
    ("clean", "where"), [(0.01, "0.010, is below"), (0.99, "0.990, is above"), (0.5, None)]
)
def test_a_picture_unlike_those_of_the_calibration_is_said(clean, where):
    told = hints(seen(clean), 0.0, 0.0)
    assert len(told) == (where is not None)
    assert all(where in hint and "(0.020 to 0.980)" in hint for hint in told)


def test_a_change_far_larger_than_the_training_s_is_said_in_its_norm():
    assert not hints(seen(linf=2 / 255), FAR * 2 / 255, 9.0)
    (hint,) = hints(seen(linf=2 / 255), 25.5 / 255, 9.0)
    assert "25.5/255, is 13 times the eps that the detector was trained on, 2/255" in hint
    (hint,) = hints(seen(l2=0.2), 0.01, 2.0)
    assert "2 in L2, is 10 times" in hint
    assert not hints(seen(linf=2 / 255, l2=0.2), 25.5 / 255, 0.5), "L2 is close to its training"
    assert not hints(seen(), 0.7, 9.0), "it was trained on no eps"
