"""``evaluate --suite natural``: it goes on where it stopped."""

import json

from robust_core.evaluation.natural import plan
from robust_core.natural.changes import CHANGES


def test_it_makes_what_is_missing_and_keeps_what_is_there(command, tmp_path, monkeypatch):
    monkeypatch.setitem(plan.MODELS, "digits", ("digits-cnn",))
    out = tmp_path / "natural.json"
    options = ("--suite", "natural", "--part", "digits", "--limit", "9", "--out", out)
    first = command("evaluate", *options, "--device", "cpu", "--json")
    assert first.status == 0, first.err
    rows = first.json["parts"]["digits"]["rows"]
    assert [row["change"] for row in rows] == CHANGES.names()
    assert {row["n"] for row in rows} == {9}
    kept = json.loads(out.read_text())
    kept["parts"]["digits"]["rows"].pop(2)
    kept["parts"]["digits"]["rows"][0]["strengths"] = [1, 2, 3, 4, 5]
    out.write_text(json.dumps(kept))
    again = command("evaluate", *options, "--device", "cpu")
    assert "digits-cnn, scale" in again.err
    assert "digits-cnn, rotation" in again.err, "other strengths"
    assert "digits-cnn, shear" not in again.err
    assert "digits: right, from mild to severe" in again.out
    after = json.loads(out.read_text())["parts"]["digits"]["rows"]
    assert sorted(row["change"] for row in after) == sorted(CHANGES.names())
