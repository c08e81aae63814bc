"""The registry: names, classes, keyword-only hyper-parameters."""

from dataclasses import fields

import pytest

from robust_core import attacks
from robust_core.attacks import Attack


def test_names_and_classes_belong_together():
    names = attacks.names()
    assert {"noise", "fgsm", "bim", "bim-l2", "pgd", "pgd-l2"} <= set(names)
    assert len(names) == len(set(names))
    for name in names:
        kind = attacks.get(name)
        assert issubclass(kind, Attack)
        assert kind.name == name == name.lower()
        assert attacks.create(name) == kind()
        assert kind.__doc__
        assert getattr(attacks, kind.__name__) is kind


def test_a_class_and_its_attacks_say_whether_they_have_a_radius_and_take_a_detector():
    for name in attacks.names():
        kind = attacks.get(name)
        known = {field.name for field in fields(kind)}
        assert kind.has_eps == kind().has_eps == ("eps" in known)
        assert not kind.on_a_pair
    assert attacks.PGD.has_eps
    assert not attacks.DeepFool.has_eps
    assert attacks.names(pair=True) == ["dynamic", "pgd-pair", "cw-l2-pair"]
    assert all(attacks.get(name).on_a_pair for name in attacks.names(pair=True))


def test_names_gives_a_list_of_its_own():
    attacks.names().clear()
    assert attacks.names()


@pytest.mark.parametrize("name", ["", "FGSM", "deep fool", None, 3, ["fgsm"]])
def test_an_unknown_attack_lists_the_known_ones(name):
    for call in (attacks.get, attacks.create):
        with pytest.raises(ValueError, match=r"^attack must be one of noise, fgsm, .*; got "):
            call(name)


@pytest.mark.parametrize("name", attacks.names())
def test_an_unknown_field_lists_the_known_ones(name):
    known = ", ".join(field.name for field in fields(attacks.get(name)))
    with pytest.raises(ValueError, match=f"^{name} has no epsilon, stepsize; it takes {known}$"):
        attacks.create(name, epsilon=0.1, stepsize=2)


@pytest.mark.parametrize("name", attacks.names())
def test_hyper_parameters_are_keyword_only(name):
    with pytest.raises(TypeError):
        attacks.get(name)(0.1)
    with pytest.raises(TypeError):
        attacks.create(name, 0.1)


def test_the_defaults_of_the_field():
    assert attacks.FGSM().eps == attacks.PGD().eps == pytest.approx(8 / 255)
    assert attacks.PGD(eps=0.3, steps=30).size == attacks.BIM(eps=0.3, steps=30).size
    assert attacks.PGD(eps=0.3, steps=30).size == pytest.approx(2.5 * 0.3 / 30)
    assert attacks.PGD(step_size=0.01).size == 0.01
