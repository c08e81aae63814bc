"""The committed table of the defences shows what it is there to show."""

import pytest

from robust_core.evaluation import defense_results
from robust_core.evaluation.defense_rows import (
    ADAPTIVE,
    NAIVE,
    UNAWARE,
    UNDEFENDED,
)

PLAIN = "fgsm-at alpha=0.0"


@pytest.fixture(scope="module")
def report():
    found = defense_results.report()
    assert not found.lacking
    assert not found.outdated
    return found


def at(report, subject: str, threat: str = "clean", attack: str | None = None) -> float:
    return report.accuracy(subject, threat, attack).accuracy.value


def test_pgd_training_holds(report):
    assert at(report, "pgd-at") >= 0.76
    assert at(report, "pgd-at", ADAPTIVE, "pgd") >= 0.43


def test_the_ensemble_takes_a_few_points_more(report):
    pgd = at(report, "pgd-at", ADAPTIVE, "pgd")
    assert pgd - 0.06 <= at(report, "pgd-at", ADAPTIVE, "auto") <= pgd + 0.02


def test_fgsm_training_with_a_random_start_holds(report):
    assert at(report, PLAIN) >= 0.72
    assert at(report, PLAIN, ADAPTIVE, "pgd") >= 0.38


def test_without_one_it_overfits_catastrophically(report):
    assert at(report, "fgsm-at-plain", ADAPTIVE, "pgd") <= 0.05
    assert at(report, "fgsm-at-plain", NAIVE, "fgsm") >= 0.8


def test_smoothing_certifies_what_it_is_to(report):
    promise = report.certified("smoothing n=100")
    assert (promise.n, promise.draws, promise.alpha) == (500, 10_000, 0.001)
    assert promise.at(0).value >= 0.60
    assert promise.at(0.25).value >= 0.42


def test_jpeg_stands_until_the_attacker_knows_it(report):
    jpeg = "jpeg quality=75"
    assert at(report, jpeg, NAIVE, "fgsm") == at(report, jpeg)  # no gradient, no step
    assert at(report, jpeg, ADAPTIVE, "pgd") <= at(report, UNDEFENDED, ADAPTIVE, "pgd") + 0.03


def test_old_copies_are_learned_and_fresh_ones_are_not(report):
    static = "static-augmentation"
    assert at(report, static, UNAWARE, "pgd") >= at(report, static) - 0.02
    assert at(report, static, ADAPTIVE, "pgd") <= 0.02
