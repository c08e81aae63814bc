"""The committed table of the defences shows what it is there to show."""

import pytest

from robust_core.evaluation.defense_table import results
from robust_core.evaluation.defense_table.rows import (
    ADAPTIVE,
    DISTILLATION,
    JPEG,
    NAIVE,
    UNAWARE,
    UNDEFENDED,
)

PLAIN, HALF = "fgsm-at alpha=0.0", "fgsm-at alpha=0.5"


@pytest.fixture(scope="module")
def report():
    found = results.report()
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
    assert at(report, HALF) >= 0.72


def test_weight_on_clean_pictures_is_paid_with_robustness(report):
    assert at(report, HALF) > at(report, PLAIN)
    assert at(report, HALF, ADAPTIVE, "pgd") < at(report, PLAIN, ADAPTIVE, "pgd")


def test_without_one_it_overfits_catastrophically(report):
    assert at(report, "fgsm-at-plain", ADAPTIVE, "pgd") <= 0.05
    assert at(report, "fgsm-at-plain", NAIVE, "fgsm") >= 0.8


def test_distillation_looks_defended_through_softmax_and_is_not(report):
    rows = {(r.subject, r.threat, r.asked): r.accuracy.value for r in report.rows(DISTILLATION)}
    hundred = "distilled temperature=100"
    assert rows[hundred, NAIVE, "fgsm"] >= rows[UNDEFENDED, NAIVE, "fgsm"] + 0.4
    assert abs(rows[hundred, ADAPTIVE, "fgsm"] - rows[UNDEFENDED, ADAPTIVE, "fgsm"]) <= 0.05
    assert rows[hundred, ADAPTIVE, "cw-l2"] == rows[UNDEFENDED, ADAPTIVE, "cw-l2"] == 0


def test_it_is_the_scale_that_masks_the_saturated_network(report):
    scaled, bare = "saturated scale=100", "saturated scale=1"
    assert at(report, scaled) == at(report, bare)
    assert at(report, scaled, NAIVE, "fgsm") >= at(report, bare, NAIVE, "fgsm") + 0.4
    assert at(report, bare, NAIVE, "fgsm") <= 0.05


def test_smoothing_certifies_what_it_is_to(report):
    promise = report.certified("smoothing n=100")
    assert (promise.n, promise.draws, promise.alpha) == (500, 10_000, 0.001)
    assert promise.at(0).value >= 0.60
    assert promise.at(0.25).value >= 0.42


def test_jpeg_stands_until_the_attacker_knows_it(report):
    jpeg = "jpeg quality=75"
    assert at(report, jpeg, NAIVE, "fgsm") == at(report, jpeg)  # no gradient, no step
    assert at(report, jpeg, ADAPTIVE, "pgd") <= at(report, UNDEFENDED, ADAPTIVE, "pgd") + 0.03


def test_jpeg_gains_against_small_changes_by_who_does_not_know_it(report):
    def curve(subject: str, threat: str) -> dict[float, float]:
        return {
            round(255 * r.eps, 2): r.accuracy.value for r in report.curve(subject, threat, JPEG)
        }

    jpeg = "jpeg quality=75"
    gains = [curve(jpeg, UNAWARE)[k] - curve(UNDEFENDED, UNAWARE)[k] for k in (1, 2)]
    assert max(gains) >= 0.20
    assert curve(jpeg, ADAPTIVE)[8] <= curve(UNDEFENDED, ADAPTIVE)[8] + 0.03


def test_old_copies_are_learned_and_fresh_ones_are_not(report):
    static = "static-augmentation"
    assert at(report, static, UNAWARE, "pgd") >= at(report, static) - 0.02
    assert at(report, static, ADAPTIVE, "pgd") <= 0.02
