"""The two gaps: the same eight shares read twice, and what is said of them."""

from dataclasses import replace

import pytest

from robust_core.dashboard.live_training import gaps
from robust_core.evaluation.snapshot import Snapshot

TEST = Snapshot(
    n=450, eps=0.1, steps=20, clean=0.9, fgsm=0.3, pgd=0.2, zero_gradients=0.0, old=None
)
OWN = replace(TEST, clean=0.85, pgd=0.6)
PAIRS = {
    "control": (replace(TEST, clean=1.0, pgd=0.25), TEST),
    "trained here": (replace(TEST, clean=0.95, pgd=0.8), OWN),
}


def sizes(gaps) -> dict[str, float]:
    return {name: pytest.approx(100 * (a - b)) for name, a, b in gaps}


def test_overfitting_lies_between_training_and_test():
    assert sizes(gaps.overfitting(PAIRS)) == {
        "control, clean": 10,
        "trained here, clean": 10,
        "control, under PGD": 5,
        "trained here, under PGD": 20,
    }


def test_security_lies_between_clean_and_attacked():
    assert sizes(gaps.security(PAIRS)) == {
        "control, training": 75,
        "trained here, training": 15,
        "control, test": 70,
        "trained here, test": 25,
    }


def test_both_read_the_same_shares():
    """Round the square of four shares: whichever way one goes, the gaps add up to the same."""
    for place in (0, 1):
        clean, attacked = gaps.overfitting(PAIRS)[place::2]
        training, test = gaps.security(PAIRS)[place::2]
        around = [a - b for _, a, b in (clean, test, training, attacked)]
        assert around[0] + around[1] == pytest.approx(around[2] + around[3])


def test_the_sentence_has_both_directions():
    said = gaps.moved(TEST, OWN, "the control")
    assert said.startswith("Compared with the control,")
    assert "-5.0 points clean" in said
    assert "+40.0 points under PGD" in said


def test_the_chart_shows_every_gap_and_its_ends_by_more_than_colour():
    found = gaps.security(PAIRS)
    figure = gaps.dumbbells(
        found, ("clean", "#000", "circle"), ("under PGD", "#111", "triangle-up")
    )
    ends = [trace for trace in figure.data if trace.mode == "markers"]
    assert len({trace.marker.symbol for trace in ends}) == 2
    assert [tuple(trace.x) for trace in ends] == [
        tuple(a for _, a, _ in found),
        tuple(b for _, _, b in found),
    ]
    words = next(trace for trace in figure.data if trace.mode == "text")
    assert list(words.text) == ["75.0", "15.0", "70.0", "25.0"]
    assert "control, test: clean 90.0 %, under PGD 20.0 %" in gaps.said(found, "clean", "under PGD")
