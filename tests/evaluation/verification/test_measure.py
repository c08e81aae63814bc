"""Contradictions are found, and the committed results have none."""

from dataclasses import replace

import pytest
import torch

from robust_core import zoo
from robust_core.data import digits
from robust_core.evaluation.verification import measure, plan, results
from robust_core.evaluation.verification.measure import Row, contradictions, summary
from robust_core.verification.record import BROKEN, PROVED, UNKNOWN, WRONG

METHODS = ("ibp", "crown", "milp")
GOOD = Row(
    picture=3,
    status=PROVED,
    clean=4.0,
    lower={"ibp": -2.0, "crown": 0.5, "milp": 0.9},
    exact=1.0,
    attack=1.2,
    unstable=5,
    seconds=0.1,
    timed_out=False,
)


def test_a_sandwich_has_no_contradiction():
    assert contradictions([GOOD], METHODS) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"lower": {"ibp": 0.6, "crown": 0.5, "milp": 0.9}}, "ibp certifies"),
        ({"lower": {"ibp": -2.0, "crown": 0.5, "milp": 1.1}}, "the exact minimum is 1.0"),
        ({"attack": 0.7}, "milp certifies 0.900000, the attack is 0.7"),
        ({"status": BROKEN}, "is broken, with an exact margin of 1.0"),
        ({"exact": 1.5, "attack": 1.2}, "the attack reaches 1.2"),
    ],
)
def test_each_contradiction_is_found(change, sentence):
    told = contradictions([replace(GOOD, **change)], METHODS)
    assert any(sentence in one for one in told)
    assert all(one.startswith("picture 3") for one in told)


def test_a_budget_is_processor_time(monkeypatch):
    """With a quarter of a processor four times as long is waited; never longer than some times."""
    monkeypatch.setattr(measure.time, "perf_counter", lambda: 100.0)
    for used, expected in ((25.0, 40.0), (100.0, 10.0), (300.0, 10.0), (0.0, 10 * measure.LONGEST)):
        monkeypatch.setattr(measure, "processor_time", lambda used=used: used)
        assert measure.waited(10.0, 0.0, 0.0) == pytest.approx(expected)
    monkeypatch.setattr(measure, "processor_time", lambda: 50.0)
    assert measure.waited(10.0, 100.0, 50.0) == 10.0


def test_what_is_settled_has_less_time(monkeypatch):
    """Bounds prove the second picture; the first is open, and the attack breaks neither."""
    model = zoo.load("digits-mlp-ibp", "cpu")
    images, labels = (x[:2] for x in digits.load("test"))
    monkeypatch.setattr(measure, "waited", lambda seconds, *_: seconds)
    real, given = measure.verification.verify, []

    def watched(model, images, labels, eps, method, **options):
        given.append((method, options.get("seconds")))
        found = real(model, images, labels, eps, method, **options)
        if len(images) == 2:
            found.verified[:] = torch.tensor([False, True])
        return found

    monkeypatch.setattr(measure.verification, "verify", watched)
    job = next(job for job in plan.jobs() if job.model == "digits-mlp-ibp" and job.eps == 0.01)
    measure.rows_of(model, images, labels, job)
    assert [s for method, s in given if method == "milp"] == [job.plan.seconds, job.plan.settled]


def test_a_time_out_is_left_out_of_what_needs_the_exact_value():
    late = replace(GOOD, exact=None, timed_out=True, status=UNKNOWN)
    assert contradictions([late], METHODS) == []


def test_a_summary_counts():
    wrong = replace(GOOD, status=WRONG, lower={}, exact=None, attack=None, unstable=-1)
    broken = replace(GOOD, status=BROKEN, lower={"ibp": -3, "crown": -2, "milp": -1}, unstable=7)
    found = summary([GOOD, wrong, broken], METHODS)
    assert (found.n, found.right, found.broken, found.unknown) == (3, 2, 1, 0)
    assert found.proved == {"ibp": 0, "crown": 1, "milp": 1}
    assert found.unstable == 6


def test_the_committed_results_have_no_contradiction():
    found = results.report()
    assert not found.lacking
    assert set(found.rows) == set(plan.jobs())
    for job, rows in found.rows.items():
        assert contradictions(rows, job.plan.methods) == []
        assert len(rows) == job.plan.pictures
        assert job.model in zoo.names()


@pytest.mark.parametrize(
    ("part", "eps", "other"),
    [(plan.DIGITS, 0.1, "digits-mlp"), (plan.CIFAR, 2 / 255, "cifar10-cnn-small")],
)
def test_the_committed_results_show_what_training_with_bounds_is_for(part, eps, other):
    """Intervals prove more of the network trained with them than CROWN of the adversarially trained one."""
    proved = {
        job.model: summary(rows, job.plan.methods).proved
        for job, rows in results.report().rows.items()
        if job.part == part and job.eps == eps
    }
    assert proved[f"{other}-ibp"]["ibp"] > proved[f"{other}-pgd-at"]["crown"] > 0
    assert proved[f"{other}-ibp"]["ibp"] >= 30
    assert proved[other]["ibp"] == 0


def test_a_missing_or_damaged_file_says_what_to_do(tmp_path):
    path = tmp_path / "verification.json"
    assert "evaluate --suite verification" in results.report(path).lacking
    path.write_text("{", encoding="utf-8")
    assert "evaluate --suite verification" in results.report(path).lacking
