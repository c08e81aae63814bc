"""Bounds on the probability of an event from how often it happened (Clopper and Pearson, 1934)."""

import scipy  # its parts are loaded where they are first used

from robust_core.certify.checks import between, whole


def lower(successes: int, n: int, alpha: float) -> float:
    """The one-sided Clopper-Pearson lower bound: above the probability in at most ``alpha`` of cases.

    It is the probability at which ``successes`` or more of ``n`` occur with a chance of ``alpha``: exact,
    with no normal approximation. 0 without a success; never 1, but ``alpha ** (1 / n)`` where all succeed.
    Raises ``ValueError`` unless 0 <= successes <= n, n >= 1 and 0 < alpha < 1.
    """
    k, n, alpha = _checked(successes, n, alpha)
    return float(scipy.stats.beta.ppf(alpha, k, n - k + 1)) if k else 0.0


def upper(successes: int, n: int, alpha: float) -> float:
    """The one-sided upper bound: ``1 - lower(n - successes, n, alpha)``; 1 where all succeed.

    Raises ``ValueError`` as ``lower`` does.
    """
    k, n, alpha = _checked(successes, n, alpha)
    return float(scipy.stats.beta.isf(alpha, k + 1, n - k)) if k < n else 1.0


def _checked(successes: int, n: int, alpha: float) -> tuple[int, int, float]:
    n = whole("n", n, 1)
    return whole("successes", successes, 0, n), n, between("alpha", alpha, 0, 1)
