"""No attack of the project breaks anything that is proved: a random search, in short and at length."""

import importlib.util

import pytest

from robust_core import zoo
from robust_core.data.datasets import load_test_set
from robust_core.evaluation.verification import plan
from robust_core.paths import ROOT


@pytest.fixture(scope="module")
def search():
    """``benchmarks/verification_search.py``, which draws networks, radii, methods, attacks and seeds."""
    path = ROOT / "benchmarks" / "verification_search.py"
    spec = importlib.util.spec_from_file_location("verification_search", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def looked_for(search, parts, seed, trials):
    """What so many trials found; the control says that the attacks were not idle."""
    tally = search.Tally()
    for _ in range(trials):
        tally.next(parts, seed)
    assert tally.broken == []
    assert tally.control["broken"] > tally.control["attacked"] / 20 > 0
    return tally


def test_a_short_search_breaks_nothing_that_is_proved(search):
    tally = looked_for(search, [plan.DIGITS, search.POOLED], 3, 8)
    assert sum(tally.by_attack.values()) > 60
    assert set(tally.proved) == {plan.DIGITS, search.POOLED, "random"}
    assert len(tally.by_method) > 2


def test_the_search_would_find_what_is_wrongly_called_proved(search, monkeypatch):
    """A verifier that calls all pictures proved is caught."""
    honest = search.verification.verify

    def lying(*args, **options):
        found = honest(*args, **options)
        found.verified[:] = found.clean > 0
        return found

    monkeypatch.setattr(search.verification, "verify", lying)
    tally = search.Tally()
    for _ in range(3):
        if not tally.broken:
            tally.next([plan.DIGITS], 1)
    assert tally.broken


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4, 12))
def test_a_long_search_breaks_nothing_that_is_proved(search, seed):
    """Some four minutes each."""
    tally = looked_for(search, [*present(), search.POOLED], seed, 250)
    assert len(tally.by_attack) > 20
    assert sum(tally.by_attack.values()) > 3000


def present():
    """The parts of the suite whose pictures are there: CIFAR-10's are downloaded."""
    try:
        load_test_set(plan.PLAN[plan.CIFAR].data, zoo.load(plan.PLAN[plan.CIFAR].models[0]), 1)
    except (OSError, ValueError):
        return [plan.DIGITS]
    return [plan.DIGITS, plan.CIFAR]
