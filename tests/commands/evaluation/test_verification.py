"""``evaluate --suite verification``: it goes on where it stopped, and finds no contradiction."""

import json

import pytest

from robust_core.evaluation.verification import plan
from robust_core.evaluation.verification.plan import Part


@pytest.fixture
def small(monkeypatch):
    """Two networks at two radii with few unstable ReLUs, and a model that does not exist."""
    methods = plan.PLAN[plan.DIGITS].methods
    models = ("digits-mlp", "digits-mlp-ibp")
    monkeypatch.setitem(plan.PLAN, plan.DIGITS, Part("digits", models, (0.005, 0.015), 8, methods))
    monkeypatch.setitem(
        plan.PLAN, plan.CIFAR, Part("cifar10", ("no-such-model",), (0.01,), 8, methods)
    )


def test_it_makes_what_is_missing_keeps_what_is_there_and_nothing_contradicts(
    small, command, tmp_path, monkeypatch
):
    out = tmp_path / "verification.json"
    options = ("--suite", "verification", "--out", out, "--device", "cpu")
    first = command("evaluate", *options, "--json")
    assert first.status == 0, first.err
    assert "is left out: there is no no-such-model yet." in first.err
    found = first.json
    assert json.loads(out.read_text()) == found
    jobs = found["parts"]["digits"]
    assert len(jobs) == 4
    for job in jobs.values():
        assert job["contradictions"] == []
        assert [row["picture"] for row in job["rows"]] == list(range(8))
        assert all(row["unstable"] <= 20 and row["exact"] is not None for row in job["rows"])
    made = []
    monkeypatch.setattr(
        "robust_core.evaluation.verification.measure.rows_of",
        lambda *args: made.append(args) or [],
    )
    again = command("evaluate", *options)
    assert again.status == 0, again.err
    assert not made
    assert "pictures proved by each method" in again.out
    command("evaluate", *options, "--overwrite")
    assert len(made) == 4


def test_a_file_of_another_suite_is_not_touched(small, command, tmp_path):
    out = tmp_path / "verification.json"
    out.write_text('{"suite": "physical", "limit": null, "parts": {}, "weights": {}}')
    ended = command("evaluate", "--suite", "verification", "--out", out)
    assert "is from another suite" in ended.complaint
