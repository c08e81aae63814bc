"""Clopper-Pearson bounds: exact tails, exact coverage, and the ends."""

import numpy as np
import pytest
import torch
from scipy.stats import binom

from robust_core.certify import lower, upper

ALPHAS = (0.001, 0.05, 0.5)


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize(("k", "n"), [(1, 1), (1, 7), (4, 7), (7, 7), (501, 1000), (9_999, 10_000)])
def test_the_bounds_are_where_the_tails_weigh_alpha(k, n, alpha):
    assert binom.sf(k - 1, n, lower(k, n, alpha)) == pytest.approx(alpha, rel=1e-6)
    assert binom.cdf(n - k, n, upper(n - k, n, alpha)) == pytest.approx(alpha, rel=1e-6)


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("n", [1, 10, 100, 100_000])
def test_none_and_all(n, alpha):
    assert lower(0, n, alpha) == 0
    assert upper(n, n, alpha) == 1
    assert lower(n, n, alpha) == pytest.approx(alpha ** (1 / n), rel=1e-12)
    assert upper(0, n, alpha) == pytest.approx(1 - alpha ** (1 / n), rel=1e-9)


@pytest.mark.parametrize("alpha", [0.001, 0.05])
@pytest.mark.parametrize("n", [1, 5, 60])
def test_they_are_wrong_in_at_most_alpha_of_cases(n, alpha):
    """No sampling: the weights of all the counts whose bound is on the wrong side are summed."""
    k = np.arange(n + 1)
    low = np.array([lower(i, n, alpha) for i in k])
    high = np.array([upper(i, n, alpha) for i in k])
    for p in np.linspace(0.005, 0.995, 199):
        weights = binom.pmf(k, n, p)
        assert weights[low > p].sum() <= alpha + 1e-12
        assert weights[high < p].sum() <= alpha + 1e-12


def test_they_enclose_the_share_and_grow_with_the_count():
    low, high = ([bound(k, 40, 0.05) for k in range(41)] for bound in (lower, upper))
    for k in range(41):
        assert low[k] <= k / 40 <= high[k]
        assert high[k] == pytest.approx(1 - low[40 - k], rel=1e-12)
    assert low == sorted(low)
    assert high == sorted(high)


def test_more_draws_and_more_risk_are_tighter():
    by_draws = [lower(9 * n, 10 * n, 0.001) for n in (1, 10, 100, 10_000)]
    by_risk = [lower(90, 100, alpha) for alpha in (1e-9, 0.001, 0.05, 0.4)]
    for bounds in (by_draws, by_risk):
        assert bounds == sorted(set(bounds))
        assert bounds[-1] < 0.9


def test_whole_numbers_of_every_kind():
    expected = lower(3, 5, 0.05)
    assert lower(np.int64(3), np.int32(5), np.float32(0.05)) == pytest.approx(expected)
    assert lower(torch.tensor(3), torch.tensor(5), 0.05) == expected
    assert type(upper(3, 5, 0.05)) is float


@pytest.mark.parametrize("bound", [lower, upper])
@pytest.mark.parametrize(
    ("k", "n", "alpha", "name"),
    [
        (-1, 5, 0.05, "successes"),
        (6, 5, 0.05, "successes"),
        (2.5, 5, 0.05, "successes"),
        (0, 0, 0.05, "n"),
        (1, "5", 0.05, "n"),
        (1, 5, 0, "alpha"),
        (1, 5, 1, "alpha"),
        (1, 5, float("nan"), "alpha"),
        (1, 5, "0.05", "alpha"),
    ],
)
def test_bad_values_are_refused_by_name(bound, k, n, alpha, name):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        bound(k, n, alpha)
