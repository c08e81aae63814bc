"""The table of natural changes in docs/results.md."""

from docs.generator.results import natural
from robust_core.evaluation.natural import plan, results
from robust_core.natural.changes import CHANGES


def test_every_change_and_network_is_in_it():
    told = natural.tables()
    for change in CHANGES:
        assert f"| {change.title}, up to " in told
    for name in plan.MODELS["cifar10"]:
        assert name in told
    assert plan.COMMAND in told


def test_without_rows_it_says_how_to_make_them(monkeypatch, tmp_path):
    monkeypatch.setattr(results, "FILE", tmp_path / "natural.json")
    assert natural.tables() == f"Not measured yet: `{plan.COMMAND}`."
