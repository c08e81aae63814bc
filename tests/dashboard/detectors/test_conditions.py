"""What is said below the charts of the measured detectors."""

from robust_core.dashboard.detectors.conditions import steps
from robust_core.evaluation.detector_tables import results


def test_the_steps_of_each_attack_are_said_and_those_in_l2_as_lengths_of_the_whole():
    told = steps(results.part("adversaries").value.rows)
    assert told == " BIM: 10 steps of 1/255; BIM (L2): 10 steps of 20/255 in L2."
