"""Own values of epsilon, as they are typed and as a command writes them."""

import pytest

from robust_core.dashboard.evaluate.choice import MOST_OWN, values_of
from robust_core.dashboard.evaluate.plan import _eps


def test_what_is_typed_is_read():
    assert values_of("8/255, 0.05 1") == (8 / 255, 0.05, 1.0)
    assert values_of(" ") == ()


@pytest.mark.parametrize("text", ["0", "-1", "1.1", "x", "1/0", "nan", "inf", "1/2/3", "1e999"])
def test_anything_else_gets_a_sentence(text):
    with pytest.raises(ValueError, match="Own values must be up to 8 numbers"):
        values_of(text)
    with pytest.raises(ValueError, match="up to 8"):
        values_of("0.1 " * (MOST_OWN + 1))


@pytest.mark.parametrize("radius", [8 / 255, 0.1, 0.01, 2.0, 0.15 * 8])
def test_a_command_gives_the_radius_to_the_last_bit(radius):
    above, _, below = _eps(radius).partition("/")
    assert float(above) / float(below or 1) == radius
