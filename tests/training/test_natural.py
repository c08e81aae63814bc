"""The recipes of the two small networks: seconds, and the same weights on every call."""

import pytest

from robust_core.natural import bundle
from robust_core.training import natural


def test_the_network_of_signals_is_trained_the_same_way_twice(monkeypatch):
    monkeypatch.setattr(natural, "SIGNALS", 120)
    monkeypatch.setattr(natural, "EPOCHS", 1)
    (one, first), (other, second) = (natural.exported(bundle.SIGNAL) for _ in range(2))
    assert first == second
    assert one == other
    assert one["n_train"] == 120
    assert 0 <= one["right"] <= one["n_held_out"]


@pytest.mark.parametrize("name", bundle.NAMES)
def test_every_bundled_network_has_a_recipe(name):
    assert name in natural.RECIPES
    assert bundle.entry_of(name)["command"] == f"python -m robust_core train {name}"
