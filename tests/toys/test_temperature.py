"""Softmax in float32 when logits grow: where it says exactly 1, exactly 0, and has no gradient."""

import math

import pytest
import torch

from robust_core.toys.temperature import pair, shares

CERTAIN = 24 * math.log(2)
"""1 + exp(-gap) is rounded to 1 in float32 from here on: half of the step above 1 is 2^-24."""
NOTHING = 150 * math.log(2)
"""exp(-gap) is rounded to 0: half of the least number, 2^-149."""


@pytest.mark.parametrize("gap", [1.0, 4.0, 12.0])
def test_float32_gives_exactly_1_and_later_exactly_0(gap):
    scales = torch.linspace(1, 200, 800)
    found = pair(gap, scales)
    reach = gap * found.scales
    assert (found.winner[reach > CERTAIN + 0.1] == 1).all()
    assert (found.winner[reach < CERTAIN - 0.7] < 1).all()
    assert (found.loser[reach > NOTHING + 0.1] == 0).all()
    assert (
        found.loser[reach < 87] > 0
    ).all()  # below, numbers lose digits, on some machines at once


def test_float64_reaches_further():
    found = pair(10.0, torch.tensor([1.0, 20.0, 80.0]))
    assert found.loser.tolist()[1:] == [0, 0]
    assert found.exact[1].item() == pytest.approx(math.exp(-200), rel=1e-12)
    assert found.exact[2] == 0


def test_the_two_add_up_while_float32_can_tell():
    found = pair(0.0, torch.tensor([1.0, 100.0]))
    assert found.winner.tolist() == found.loser.tolist() == [0.5, 0.5]


def test_shares_grow_and_come_in_order(digits_model, digits_test):
    images, labels = digits_test
    with torch.no_grad():
        logits = digits_model(images)
    found = shares(logits, labels, torch.tensor([1.0, 3.0, 10.0, 30.0, 100.0]))
    for values in (found.certain, found.silent, found.double):
        assert (values.diff() >= 0).all()
        assert values.min() >= 0
        assert values.max() <= 1
    assert (found.silent <= found.certain).all(), "no gradient only where the answer is exactly 1"
    assert (found.double <= found.silent).all()
    assert found.silent[0] == 0
    assert found.silent[-1] > 0.9


def test_silent_is_a_matter_of_the_gap():
    """Three pictures, right by 1, 10 and 100: at scale 2 one of them has no gradient left."""
    logits = torch.tensor([[1.0, 0.0], [10.0, 0.0], [100.0, 0.0]])
    found = shares(logits, torch.zeros(3, dtype=torch.long), torch.tensor([0.5, 2.0, 200.0]))
    assert found.certain.tolist() == pytest.approx([1 / 3, 2 / 3, 1])
    assert found.silent.tolist() == pytest.approx([0, 1 / 3, 1])


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"^gap must be"):
        pair(-1.0, torch.ones(1))
    with pytest.raises(ValueError, match=r"^scales must be"):
        shares(torch.zeros(1, 2), torch.zeros(1, dtype=torch.long), torch.zeros(1))
