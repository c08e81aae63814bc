"""A defence beside an experiment: what it asks for, when that changes, and what its votes cost."""

from itertools import product
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from robust_core import attacks, defenses
from robust_core.dashboard.compared_defense import ComparedDefense
from robust_core.experiment.defended import Attacker


def row(request, name: str = "jpeg", **values) -> ComparedDefense:
    kind = defenses.get(name)
    return ComparedDefense.of(kind, kind(**values).parameters, request)


def test_the_clean_picture_is_looked_at_anew_for_another_defence_or_picture_alone(make_request):
    request = make_request("pgd")
    same = [make_request("pgd", eps=0.1), make_request("fgsm")]
    assert {row(r).key for r in same} == {row(request).key}
    others = [
        row(request),
        row(request, quality=74),
        row(request, "median"),
        row(request, "median", width=3),
        row(make_request("pgd", sample="digits-test-4")),
        ComparedDefense(defenses.Defense, request, None),
    ]
    assert len({other.key for other in others}) == len(others)


def test_everything_that_decides_a_cell_changes_its_key(make_request):
    request = make_request("pgd")
    rows = [
        row(request),
        row(request, quality=74),
        row(request, "median"),
        row(make_request("pgd", eps=0.1)),
        row(make_request("pgd", steps=3)),
        row(make_request("fgsm")),
        row(make_request("pgd", sample="digits-test-4")),
    ]
    keys = [each.trial_key(attacker) for each in rows for attacker in Attacker]
    assert len(set(keys)) == len(keys)
    assert row(make_request("pgd")).trial_key(Attacker.AWARE) == rows[0].trial_key(Attacker.AWARE)


def request_label(one: ComparedDefense) -> str:
    return one.request.chosen.true_label


def test_a_row_does_what_it_asks_for(make_request):
    one = row(make_request("pgd", steps=3))
    before = one.look(Mock())
    result = one.try_out(Attacker.AWARE, before, None, Mock())
    assert (result.defense, result.attacker, result.attack) == ("jpeg", Attacker.AWARE, "pgd")
    assert result.parameters["steps"] == 3
    assert result.before is before
    assert result.label.label == request_label(one), "the true class, which the data set tells"


def test_a_defence_that_is_not_there_and_a_value_that_cannot_be_are_sentences(make_request):
    request = make_request("pgd")
    absent = row(request, "lambda-at")
    assert absent.defense is None
    assert absent.refusal.startswith("lambda-at needs a trained network, digits-cnn-lambda-at;")
    wrong = ComparedDefense.of(defenses.get("smoothing"), {"sigma": 0.0}, request)
    assert wrong.defense is None
    assert wrong.refusal == "sigma must be a number above 0, at most 2; got 0.0."
    assert wrong.finished == (None, {})


@pytest.mark.parametrize("attack", attacks.local_names())
def test_every_attack_can_be_run_by_both_attackers_of_every_defence(make_request, attack):
    request = make_request(attack)
    for name, attacker in product(defenses.names(), Attacker):
        one = ComparedDefense(defenses.get(name), request, defenses.create(name))
        run, words = one.run(attacker), one.words(attacker)
        assert run.norm == request.attack.norm, name
        assert run.parameters.get("eps") == request.attack.parameters.get("eps"), name
        assert words(1, run.observations).startswith(("step", "start")), name
        if name == "smoothing":
            assert words(100, 500) == "vote 100 of 500"


def test_long_votes_say_before_they_run_what_they_cost(make_request):
    noisy = row(make_request("pgd", steps=4), "smoothing", n=100, draws=4)
    told = noisy.cost_ahead(SimpleNamespace(seconds=0.05))
    assert told.startswith(
        "Takes up to 83 s here: 1,600 votes for three pictures, two of them under 5 fresh draws, and 20 "
    )
    assert noisy.cost_ahead(SimpleNamespace(seconds=0.0001)) == "", "too short to be said"
    assert row(make_request("pgd")).cost_ahead(SimpleNamespace(seconds=9.0)) == ""
