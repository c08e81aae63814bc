"""Votes under noise: the figure and the promise say what the certificate says."""

import pytest

from robust_core.certify import pixeldp, smoothing
from robust_core.dashboard.compare_defenses.votes import (
    CLASSES,
    conditions,
    guess_of,
    promise,
    top_voted,
    votes_chart,
)

NAMES = tuple("abcdefghij")
CLEAR = (0, 10, 480, 10, 0, 0, 0, 0, 0, 0)
TORN = (0, 240, 250, 10, 0, 0, 0, 0, 0, 0)


def smooth(counts):
    return smoothing.certificate(counts, counts, sigma=0.25, alpha=0.001)


PROOFS = [smooth(CLEAR), smooth(TORN), pixeldp.certificate(CLEAR, sigma=0.25)]


@pytest.mark.parametrize("proof", PROOFS)
def test_bars_are_the_shares_of_the_votes_and_whiskers_reach_the_bound(proof):
    (bars,) = votes_chart({"clean": proof}, NAMES).data
    assert bars.x[0] == NAMES[guess_of(proof)] == "c"
    assert bars.y[0] == max(proof.counts) / proof.n
    assert bars.y[0] - bars.error_y.arrayminus[0] == pytest.approx(proof.p_lower)
    assert set(bars.error_y.arrayminus[1:]) == {None}
    assert sum(bars.y) == pytest.approx(1)


def test_pictures_are_told_apart_by_more_than_colour():
    pictures = {"clean": smooth(CLEAR), "one": smooth(TORN), "other": smooth(CLEAR)}
    bars = votes_chart(pictures, NAMES).data
    assert [bar.name for bar in bars] == list(pictures)
    assert len({bar.marker.pattern.shape for bar in bars}) == 3
    assert len({tuple(bar.x) for bar in bars}) == 1


def test_few_classes_are_shown_and_those_with_votes_first():
    shown = top_voted([smooth(CLEAR), smooth((0, 0, 5, 0, 0, 0, 0, 0, 0, 495))])
    assert len(shown) == CLASSES
    assert shown[0] == 2
    assert {1, 2, 3, 9} <= set(shown)


def test_a_radius_below_eps_promises_nothing():
    proof = smooth(CLEAR)
    assert promise(proof, NAMES, 0.5).startswith(
        f"**Certified at {proof.radius:.2g} < 0.5 in L2: no guarantee.**"
    )
    assert f"at least {proof.p_lower:.3f}" in promise(proof, NAMES, 0.5)
    assert "480 of 500 votes" in promise(proof, NAMES, 0.5)


def test_a_radius_above_eps_promises_that_the_answer_stays():
    proof = smooth(CLEAR)
    assert f"**Certified at {proof.radius:.2g} > 0.1 in L2: c stays" in promise(proof, NAMES, 0.1)


def test_two_lengths_that_look_alike_are_told_apart():
    proof = smooth(CLEAR)
    said = promise(proof, NAMES, proof.radius * 1.001)
    left, right = said.split("Certified at ")[1].split(" in L2: no guarantee")[0].split(" < ")
    assert float(left) < float(right)


def test_without_a_majority_it_abstains():
    for proof in (smooth(TORN), pixeldp.certificate(TORN, sigma=0.25)):
        assert promise(proof, NAMES, 0.5).startswith("**It abstains: nothing is certified.**")


def test_the_conditions_say_what_the_numbers_hold_for():
    said = conditions(smooth(CLEAR), "Eps 0.01 (2.6/255)", 0.5542)
    assert "Eps 0.01 (2.6/255) allows changes of up to 0.554 in L2" in said
    assert "0.1 %" in said
    assert "0.25" in said
