"""A slow attack says what it may take before it runs; a quick one, or a refused one, says nothing."""

import pytest

from robust_core import attacks, zoo
from robust_core.dashboard import pace
from robust_core.dashboard.compare_attacks import rows
from robust_core.dashboard.compare_attacks.selection import ComparedAttack
from robust_core.dashboard.request import Request


def row(name: str, **parameters) -> ComparedAttack:
    attack = attacks.create(name, **parameters)
    return ComparedAttack(type(attack), Request(None, "crop", zoo.describe("digits-cnn"), attack))


def test_queries_and_seconds_are_said_of_slow_attacks_alone():
    slow, quick = row("square", max_queries=2000), row("fgsm")
    assert rows._takes(slow, 0.01) == "up to 2,000 queries, at most about 20 seconds"
    assert rows._takes(quick, 0.01) == ""
    assert rows._takes(ComparedAttack(attacks.get("square"), None, "no"), 0.01) == ""
    assert rows._takes(slow, None) == ""


def test_a_query_is_timed_only_where_a_slow_attack_is_still_to_come(monkeypatch):
    timed = []
    monkeypatch.setattr(pace, "seconds_a_query", lambda model: timed.append(model.name) or 0.5)
    slow, quick = row("boundary"), row("fgsm")
    assert rows._seconds_a_query([quick], {}) is None
    assert rows._seconds_a_query([slow, quick], {"boundary": None}) is None
    assert timed == []
    assert rows._seconds_a_query([quick, slow], {}) == pytest.approx(0.5)
    assert timed == ["digits-cnn"]
