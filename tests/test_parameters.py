"""Hyper-parameters: a copy with other values is checked like any other object."""

import pytest

from robust_core import attacks


def test_a_changed_copy_keeps_its_type_and_all_other_fields():
    attack = attacks.PGD(eps=0.1, steps=7, seed=3)
    changed = attack.changed(eps=0.2)
    assert type(changed) is attacks.PGD
    assert changed.parameters == attack.parameters | {"eps": 0.2}
    assert attack.eps == 0.1


def test_a_changed_copy_takes_no_value_that_is_not_allowed():
    with pytest.raises(ValueError, match="steps must be"):
        attacks.PGD().changed(steps=0)
    with pytest.raises(TypeError, match="sigma"):
        attacks.PGD().changed(sigma=0.1)
