"""Deck 002 in docs/: the deck's figures beside ours, or how to measure."""

from docs.generator.results import deck_002
from robust_core.evaluation.deck_002 import results
from tests import fake_deck_002


def test_the_deck_s_figures_stand_beside_ours(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    assert "Not measured yet: `python -m robust_core evaluate --suite deck-002" in deck_002.tables()
    fake_deck_002.write(tmp_path)
    said = deck_002.tables()
    assert "| 0.1 | PGD | 6 | 30 / 72.6 |" in said
    assert "| 0.1 | PGD | 20 |  |" in said
    assert "PGD is weaker than a single step of eps" in said
    assert "on 40.0 %, and no longer on 60.0 %" in said
