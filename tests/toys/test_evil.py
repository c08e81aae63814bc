"""A line and its points: the derivatives, what lowers the loss, and what raises it."""

from itertools import pairwise

import numpy as np
import pytest

from robust_core.toys import evil
from robust_core.toys.evil import BAD, Line, attack, derivatives, largest_rate, learn, mean_loss

H = 1e-6


@pytest.mark.parametrize(
    ("a", "b", "x", "y"), [(0.8, 0.4, 1.5, -0.3), (-0.6, 0, -2, 1), (2, 1, 0, 1)]
)
def test_the_derivatives_are_those_of_the_loss(a, b, x, y):
    found = derivatives(Line(a, b), x, y)

    def slope(near):
        return (near(H) - near(-H)) / (2 * H)

    assert found.a == pytest.approx(slope(lambda h: Line(a + h, b).loss(x, y)), abs=1e-6)
    assert found.b == pytest.approx(slope(lambda h: Line(a, b + h).loss(x, y)), abs=1e-6)
    assert found.x == pytest.approx(slope(lambda h: Line(a, b).loss(x + h, y)), abs=1e-6)


def test_on_the_line_all_three_are_zero_and_the_attack_cannot_start():
    line = Line(0.75, 0.5)
    found = derivatives(line, 2.0, 2.0)
    assert (found.a, found.b, found.x) == (0, 0, 0)
    for sign in (True, False):
        assert attack(line, 2.0, 2.0, 0.1, 5, sign=sign) == [2.0] * 6


def test_below_one_over_l_every_epoch_lowers_the_mean_loss_and_far_above_it_grows():
    x, y = evil.points()
    rate = largest_rate(x)
    losses = [mean_loss(line, x, y) for line in learn(x, y, BAD, 0.99 * rate, 12)]
    assert all(after < before for before, after in pairwise(losses))
    assert mean_loss(learn(x, y, BAD, 2.5 * rate, 12)[-1], x, y) > losses[0]


def test_learning_ends_at_least_squares():
    x, y = evil.points(3)
    line = learn(x, y, BAD, 0.2, 400)[-1]
    assert (line.a, line.b) == pytest.approx(tuple(np.polyfit(x, y, 1)))


@pytest.mark.parametrize("sign", [True, False])
@pytest.mark.parametrize("k", range(evil.POINTS))
def test_each_step_of_the_attack_moves_x_alone_and_raises_the_loss(k, sign):
    x, y = evil.points()
    line = Line(*evil.TRUE)
    path = attack(line, float(x[k]), float(y[k]), 0.1, 5, sign=sign)
    losses = [float(line.loss(each, y[k])) for each in path]
    assert all(after > before for before, after in pairwise(losses))
    if not sign:  # the residual grows by the factor 1 + 2 gamma a^2
        assert losses[-1] == pytest.approx(losses[0] * (1 + 0.2 * line.a**2) ** 10)
    else:
        assert abs(path[-1] - path[0]) == pytest.approx(0.5)


def test_a_flat_line_gives_the_attacker_nothing():
    assert attack(Line(0, 1), 0.5, 3.0, 0.1, 3, sign=False) == [0.5] * 4


def test_bad_steps_are_refused():
    x, y = evil.points()
    with pytest.raises(ValueError, match="above 0"):
        learn(x, y, BAD, 0, 3)
    with pytest.raises(ValueError, match="steps must be a whole number"):
        attack(BAD, 0, 1, 0.1, -1, sign=True)
