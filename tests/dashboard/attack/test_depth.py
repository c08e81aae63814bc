"""The words below the first screen: symbols of the equation, which loss, and what can stop."""

from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pytest

from robust_core import attacks
from robust_core.dashboard.attack import depth
from robust_core.dashboard.attack.depth import (
    SYMBOLS,
    _value,
    can_stop,
    loss_of,
    rule_of,
    symbol_of,
)
from robust_core.dashboard.fields import TITLES
from tests.live import native


@pytest.mark.parametrize(
    ("attack", "field", "symbol"),
    [
        ("fgsm", "eps", r"\varepsilon"),
        ("fgsm", "loss", "J"),
        ("bim", "step_size", r"\alpha"),
        ("pgd", "loss", "L"),
        ("apgd", "loss", "L"),
        ("deepfool", "overshoot", r"\eta"),
        ("cw-l2", "confidence", r"\kappa"),
        ("cw-l2", "initial_const", "c"),
    ],
)
def test_a_field_is_tied_to_its_symbol_in_the_equation(attack, field, symbol):
    assert symbol_of(attacks.create(attack), field) == f" (${symbol}$)"


@pytest.mark.parametrize(
    ("attack", "field"), [("apgd", "eps"), ("apgd-t", "loss"), ("cw-l0", "initial_const")]
)
def test_a_field_that_the_equation_lacks_has_no_symbol(attack, field):
    assert symbol_of(attacks.create(attack), field) == ""


@pytest.mark.parametrize("name", attacks.local_names())
def test_no_two_fields_share_a_symbol(name):
    symbols = [symbol_of(attacks.create(name), field) for field in SYMBOLS]
    found = [symbol for symbol in symbols if symbol]
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("attack", "stops"),
    [
        (attacks.FGSM(eps=0.1), False),
        (attacks.PGD(eps=0.1, steps=1), False),
        (attacks.PGD(eps=0.1, steps=2), True),
        (attacks.Noise(eps=0.1), False),
        (attacks.Square(eps=0.1), True),
        (attacks.DeepFool(), True),
    ],
)
def test_only_an_attack_with_a_second_step_can_stop(attack, stops):
    assert can_stop(attack) == stops


@pytest.mark.parametrize("name", attacks.local_names())
def test_an_empty_field_is_told_by_its_rule(name):
    attack = attacks.create(name)
    for spec in fields(attack):
        if spec.default is None and spec.type is not object:
            assert rule_of(attack, spec.name) in spec.metadata["help"]
            assert "None" not in _value(attack, spec.name, None)


def test_carlini_and_wagner_s_constants_are_named():
    attack = attacks.create("cw-l2")
    assert _value(attack, "initial_const", None) == "automatic: twice what a linear model needs"
    assert "half the largest change" in _value(attack, "learning_rate", None)
    assert _value(attack, "learning_rate", 0.01) == "0.01"


@pytest.mark.parametrize("name", attacks.local_names())
def test_every_loss_has_a_name(name):
    attack = attacks.create(name)
    experiment = SimpleNamespace(attack=name, parameters=vars(attack))
    assert len(loss_of(experiment)) > 5


def test_the_name_is_that_of_the_loss_that_was_chosen():
    for loss, title in TITLES["loss"].items():
        attack = replace(attacks.create("pgd", eps=0.1), loss=loss)
        assert loss_of(SimpleNamespace(attack="pgd", parameters=vars(attack))) == title


@pytest.mark.parametrize(("side", "width"), [(32, 448), (128, 384), (224, 448)])
def test_swipe_has_all_pixels_at_a_whole_multiple(monkeypatch, side, width):
    given = []
    monkeypatch.setattr(depth, "swipe", lambda *asked, key: given.extend(asked))
    views = [
        np.random.default_rng(i).integers(0, 256, (side, side, 3), dtype=np.uint8) for i in (0, 1)
    ]
    depth.show_swipe(SimpleNamespace(clean=views[0], adversarial=views[1]))
    for url, pixels in zip(given, views, strict=False):
        assert (native(url, side) == pixels).all()
    assert given[3] == width
