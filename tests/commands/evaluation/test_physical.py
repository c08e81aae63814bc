"""``evaluate --suite physical``: it goes on where it stopped, and waits for models that do not exist."""

import json

import pytest

from robust_core import zoo
from robust_core.evaluation.physical import plan


@pytest.fixture
def small(monkeypatch):
    """One attack on the digits, and no sign model."""
    monkeypatch.setattr(plan, "MODELS", ("digits-cnn",))
    monkeypatch.setattr(plan, "ATTACKS", ("fgsm",))
    for name, value in (("PICTURES", 9), ("TURNED", 4), ("TURNED_EPS", 0.2)):
        monkeypatch.setattr(plan, name, {"digits-cnn": value})
    monkeypatch.setattr(plan, "EOT_STEPS", 2)
    monkeypatch.setattr(plan, "EOT_DRAWS", 2)
    monkeypatch.setattr(plan, "ANGLES", (0, 10))
    monkeypatch.setattr(plan, "SIGN_MODEL", "no-such-model")


def test_it_makes_what_is_missing_and_keeps_what_is_there(small, command, tmp_path, monkeypatch):
    out = tmp_path / "physical.json"
    options = ("--suite", "physical", "--out", out, "--device", "cpu")
    first = command("evaluate", *options, "--part", "destruction", "--json")
    assert first.status == 0, first.err
    assert json.loads(out.read_text()) == first.json
    jobs = first.json["parts"]["destruction"]
    assert list(jobs) == ["digits-cnn, fgsm, 8/255", "digits-cnn, fgsm, 16/255"]
    assert {row["top1"]["pictures"] for job in jobs.values() for row in job["rows"]} == {9}
    assert first.json["weights"] == {"digits-cnn": zoo.index()["digits-cnn"]["sha256"]}
    made = []
    monkeypatch.setattr(
        "robust_core.evaluation.physical.measure.destruction_rows",
        lambda *args, **options: made.append(options) or [],
    )
    again = command("evaluate", *options)
    assert again.status == 0, again.err
    assert not made
    kept = json.loads(out.read_text())
    assert kept["parts"]["destruction"] == jobs
    assert list(kept["parts"]) == ["destruction", "rotation"]
    assert "signs, poster is left out: there is no no-such-model yet." in again.err
    assert "Turned pictures" in again.out
    assert "Destruction rate d" in again.out
    command("evaluate", *options, "--part", "destruction", "--overwrite")
    assert len(made) == 2


def test_other_conditions_are_measured_again(small, command, tmp_path, monkeypatch):
    out = tmp_path / "physical.json"
    options = ("--suite", "physical", "--part", "destruction", "--out", out, "--device", "cpu")
    command("evaluate", *options)
    before = json.loads(out.read_text())["parts"]["destruction"]
    monkeypatch.setattr(plan, "DRAWS", 1)
    command("evaluate", *options)
    after = json.loads(out.read_text())["parts"]["destruction"]
    assert all(before[key]["stamp"] != after[key]["stamp"] for key in before)
    complaint = command("evaluate", *options, "--limit", "2").complaint
    assert "is from another limit" in complaint


def test_what_the_suite_fixes_and_parts_that_there_are(small, command, tmp_path):
    complaint = command("evaluate", "--suite", "physical", "--eps", "0.1").complaint
    assert "leave out --eps" in complaint
    complaint = command("evaluate", "--suite", "physical", "--part", "fog").complaint
    assert "--part must be some of destruction, rotation, signs; got fog" in complaint
    damaged = tmp_path / "physical.json"
    damaged.write_text("{")
    complaint = command("evaluate", "--suite", "physical", "--out", damaged).complaint
    assert "is damaged" in complaint
