"""The threat model: every registered attack has a known value on each of the five axes."""

import pytest

from robust_core import attacks
from robust_core.attacks.base import GOALS
from robust_core.words import threat_model


@pytest.mark.parametrize("name", attacks.names())
def test_every_attack_has_five_explained_values(name):
    attack = attacks.get(name)
    card = threat_model.threat_model(attack)
    assert tuple(card) == threat_model.AXES == ("knowledge", "goal", "scope", "distance", "channel")
    for axis, (value, explanation) in card.items():
        assert value == ", ".join(threat_model.values(attack, axis))
        assert explanation.endswith(".")
        assert explanation[0].isupper()
    assert attack.knowledge in threat_model.KNOWLEDGE
    assert attack.scope in threat_model.SCOPES
    assert attack().norm in threat_model.DISTANCES
    assert attack.channel in threat_model.CHANNELS
    assert set(attack.goals) <= set(threat_model.GOALS)


def test_every_goal_has_words():
    assert set(threat_model.GOALS) == set(GOALS)


@pytest.mark.parametrize("name", attacks.names())
def test_the_distance_says_whether_there_is_a_bound(name):
    _, explanation = threat_model.threat_model(attacks.get(name))["distance"]
    assert ("within eps" in explanation) == attacks.get(name).has_eps
    area = name in threat_model.AREAS
    assert area == ("scale" in attacks.get(name)().parameters)
    assert ("anything goes; outside nothing changes" in explanation) == area
    assert ("smallest change" in explanation) == (not attacks.get(name).has_eps and not area)


def test_values_are_those_of_the_class():
    class Sticker(attacks.PGD):
        name, knowledge, scope, channel = "sticker", "scores", "universal", "physical"
        goals = ("targeted", "least-likely")

    card = threat_model.threat_model(Sticker)
    assert [card[axis][0] for axis in threat_model.AXES] == [
        *("scores", "targeted, least-likely", "universal", "Linf", "physical")
    ]
    assert threat_model.values(Sticker, "goal") == ("targeted", "least-likely")
    assert "one class for every picture" in card["goal"][1]
    assert "any other class" not in card["goal"][1]


def test_an_object_counts_with_its_own_parameters():
    assert threat_model.values(attacks.Noise, "distance") == ("Linf",)
    assert threat_model.values(attacks.Noise(kind="sphere"), "distance") == ("L2",)


def test_noise_is_no_attacker():
    assert threat_model.values(attacks.Noise, "knowledge") == ("none",)
    _, wanted = threat_model.threat_model(attacks.Noise, "targeted")["goal"]
    assert "does not aim" in wanted


@pytest.mark.parametrize(
    ("kind", "bound"),
    [
        ("sign", "within eps"),
        ("uniform", "within eps"),
        ("gaussian", "standard deviation"),
        ("sphere", "length eps"),
    ],
)
def test_the_bound_on_noise_is_that_of_its_kind(kind, bound):
    _, explanation = threat_model.threat_model(attacks.Noise(kind=kind))["distance"]
    assert bound in explanation
    assert ("within eps" in explanation) == (bound == "within eps")


@pytest.mark.parametrize("goal", GOALS)
def test_a_chosen_goal_is_the_only_one_told(goal):
    value, explanation = threat_model.threat_model(attacks.PGD, goal)["goal"]
    assert value == goal
    assert explanation == f"Wanted of the model: {threat_model.GOALS[goal]}."


def test_an_unknown_axis_is_named():
    with pytest.raises(ValueError, match="axis must be one of knowledge"):
        threat_model.values(attacks.PGD, "colour")
