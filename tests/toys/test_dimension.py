"""Along the weights a change grows with n, in random directions with its root."""

import numpy as np
import pytest

from robust_core.toys import dimension
from robust_core.toys.dimension import activation


@pytest.mark.parametrize("n", [1000, 10_000])
def test_the_change_along_the_weights_is_eps_times_their_l1_norm_and_no_other_is_larger(n):
    found = activation(n, 0.01, seed=1)
    w = np.random.default_rng([1, n]).standard_normal(n)
    assert found.adversarial == pytest.approx(0.01 * np.abs(w).sum(), rel=1e-12)
    assert found.adversarial == pytest.approx(w @ (0.01 * np.sign(w)), rel=1e-12)
    ratio = found.random / found.adversarial
    assert (ratio <= 5 / np.sqrt(n)).mean() >= 0.99
    assert found.random.max() < found.adversarial


def test_means_over_many_weights_are_those_of_the_closed_forms():
    n, eps = 400, 0.03
    found = [activation(n, eps, seed, draws=20) for seed in range(200)]
    adversarial = np.mean([each.adversarial for each in found])
    random = np.mean([each.typical for each in found])
    assert adversarial == pytest.approx(dimension.expected_adversarial(n, eps), rel=0.01)
    assert random == pytest.approx(dimension.expected_random(n, eps), rel=0.06)
    spread = np.std([each.own for each in found])
    assert spread == pytest.approx(dimension.expected_spread(n), rel=0.12)


def test_ten_times_as_many_inputs_give_ten_times_and_root_ten_times_as_much():
    adversarial = dimension.expected_adversarial
    assert adversarial(2_352, 0.01) == pytest.approx(10 * adversarial(235.2, 0.01))
    ratio = adversarial(2_352, 0.01) / dimension.expected_random(2_352, 0.01)
    assert ratio == pytest.approx(np.sqrt(2_352))
    assert 28 * 28 * 3 in dimension.NUMBERS
    assert dimension.NUMBERS[-1] == 224 * 224 * 3


@pytest.mark.parametrize("eps", [0.003, 0.01, 0.1])
def test_from_where_the_change_overtakes_the_spread(eps):
    n = dimension.overtaking(eps)
    assert dimension.expected_adversarial(n, eps) == pytest.approx(dimension.expected_spread(n))


def test_bad_sizes_are_refused():
    for bad in ({"n": 0}, {"draws": 0}, {"eps": -1}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            activation(**{"n": 3, "eps": 0.1} | bad)
