"""Static augmentation beside the undefended model: only from rows that are there, and what they say."""

import pytest

from robust_core.dashboard.topics import static_copies
from robust_core.evaluation.defense_table import results
from robust_core.evaluation.defense_table.results import Report
from tests import fake_defenses

SHARES = (0.9, 0.05, 0.7, 0.02)


@pytest.fixture
def found(tmp_path, monkeypatch):
    """``found(clean, naive, unaware, adaptive)``: the rows of a table with such a static subject."""

    def make(*shares: float, **options):
        subject = (static_copies.SUBJECT, {}, "Static augmentation", *shares)
        monkeypatch.setitem(fake_defenses.SUBJECTS, static_copies.SUBJECT, subject)
        path = fake_defenses.write(tmp_path / "defenses.json", **options)
        return static_copies.rows(results.report(path))

    return make


def test_each_kind_of_picture_has_both_networks(found):
    rows = found(*SHARES)
    assert [(bare.correct, own.correct) for bare, own in rows] == [(92, 90), (0, 70), (0, 2)]
    text = static_copies.table("cifar10-resnet32", rows)
    assert "| 0.0 % | 70.0 % |" in text
    assert "| 0.0 % | 2.0 % |" in text
    told = static_copies.conditions(rows)
    for word in ("n = 100", "0.03137", "8/255", "20 steps", "evaluate --suite defenses"):
        assert word in told


def test_the_sentence_follows_the_figures(found):
    assert "gained +2.0 points: **70.0 %**" in static_copies.sentence(found(*SHARES))
    assert "nearly the same" in static_copies.sentence(found(0.9, 0.4, 0.45, 0.4))


def test_without_rows_of_this_network_nothing_is_said(found, tmp_path):
    assert found(*SHARES, outdated=(static_copies.SUBJECT,)) == []
    report = results.report(tmp_path / "no.json")
    assert static_copies.rows(report) == []


def test_pictures_made_on_another_model_are_not_the_old_kind(found):
    rows = tuple(row for pair in found(*SHARES) for row in pair)
    assert len(static_copies.rows(Report({"accuracy": rows}, model=fake_defenses.MODEL))) == 3
    assert static_copies.rows(Report({"accuracy": rows}, model="another")) == []
