"""The ladder: its order, its weapons, and ways that find something in their defence."""

import pytest

from robust_core import attacks
from robust_core.evaluation.challenges.ladder import LADDER, get
from robust_core.evaluation.challenges.ways import Way, aimed, fits

numbered = {"ids": lambda one: str(one.number)}


def test_it_is_numbered_from_one_on_and_ends_with_proofs():
    assert [one.number for one in LADDER] == list(range(1, len(LADDER) + 1))
    assert [bool(one.proof) for one in LADDER] == [False] * 5 + [True] * 2
    assert LADDER[-1].proof == "bounds"


@pytest.mark.parametrize("challenge", LADDER, **numbered)
def test_the_answer_may_be_chosen_and_finds_what_it_goes_through(challenge):
    assert challenge.solution.name in challenge.weapons()
    assert fits(challenge.defense, challenge.way)
    assert challenge.weapon(challenge.solution.name).eps == challenge.eps
    assert {attacks.get(name).norm for name in challenge.weapons()} == {challenge.norm}


@pytest.mark.parametrize("number", [0, 8, "1"])
def test_an_unknown_number_is_refused(number):
    with pytest.raises(ValueError, match="challenge must be a whole number from 1 to 7"):
        get(number)


def test_weapons_of_another_norm_and_other_hyper_parameters_are_refused():
    with pytest.raises(ValueError, match="attack of challenge 1 must be one of noise, fgsm"):
        get(1).weapon("pgd-l2")
    with pytest.raises(ValueError, match="steps must be a whole number"):
        get(1).weapon("pgd", steps=0)
    assert get(1).weapon("pgd", eps=0.9).eps == get(1).eps


def test_a_way_that_finds_nothing_attacks_what_is_deployed():
    challenge = get(1)
    deployed, undefended = challenge.load()
    attack = challenge.weapon("pgd")
    run, victim = aimed(deployed, undefended, attack, Way.AVERAGED)
    assert not fits(challenge.defense, Way.AVERAGED)
    assert (run, victim) == (attack, deployed)
    assert aimed(deployed, undefended, attack, Way.TRANSFER)[1] is undefended
    assert aimed(deployed, undefended, attack, Way.THROUGH)[1] is deployed.adaptive


def test_of_a_network_without_a_defence_every_way_but_transfer_sees_the_network():
    challenge = get(7)
    deployed, undefended = challenge.load()
    attack = challenge.weapon("pgd")
    for way in set(Way) - {Way.TRANSFER}:
        assert aimed(deployed, undefended, attack, way)[1] is deployed
    assert aimed(deployed, undefended, attack, Way.TRANSFER)[1] is undefended
