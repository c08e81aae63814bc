"""PixelDP: the radius against the condition it comes from, against Cohen's, and the privacy itself."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.special import ndtr, ndtri
from scipy.stats import binom
from torch import nn

from robust_core.certify import certified_accuracy, lower, pixeldp, upper
from robust_core.certify.pixeldp import (
    PixelDPCertificate,
    attack_bound,
    certificate,
    gaussian_sigma,
    holds,
    radius,
    too_few,
    votes,
)
from robust_core.models import PixelDPResNet32

PAIRS = [(a, b) for a in np.linspace(0.02, 1, 40) for b in np.linspace(0, 0.98, 12) if a + b <= 1]


def generator(seed=0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def by_bisection(p_lower: float, p_upper: float) -> float:
    """The radius for sigma 1 by the paper's search: a scan of delta, a bisection of eps."""
    best = 0.0
    for delta in np.linspace(0.0005, 0.3, 400):
        low, high = 0.0, 1.0
        for _ in range(25):
            eps = (low + high) / 2
            low, high = (eps, high) if holds(p_lower, p_upper, eps, delta) else (low, eps)
        if low > 0:
            best = max(best, attack_bound(1.0, 1.0, low, delta))
    return best


# The radius.


@pytest.mark.parametrize(
    ("p", "expected"), [(0.6, 0.059), (0.8, 0.235), (0.9, 0.390), (0.99, 0.555), (0.999, 0.568)]
)
def test_two_classes(p, expected):
    assert radius(p, 1 - p, sigma=1.0) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("p_lower", "p_upper"), [(0.55, 0.45), (0.4, 0.1), (0.7, 0.2), (0.95, 0.01), (1.0, 0.0)]
)
def test_it_is_what_the_search_of_the_paper_finds(p_lower, p_upper):
    """A scan can only miss a little: it is never above, and comes near."""
    found = by_bisection(p_lower, p_upper)
    exact = radius(p_lower, p_upper, sigma=1.0)
    assert found <= exact + 1e-6
    assert found == pytest.approx(exact, rel=0.005)


def test_it_is_below_that_of_cohen_for_both_probabilities():
    """Cohen et al. (2019), theorem 1, which is tight: sigma / 2 * (ppf(p_A) - ppf(p_B))."""
    for a, b in PAIRS:
        claimed = radius(a, b, sigma=0.5)
        tight = 0.25 * (ndtri(a) - ndtri(b)) if b > 0 else math.inf
        assert claimed < tight if a > b else claimed == 0
    assert sum(radius(a, b, sigma=0.5) > 0 for a, b in PAIRS) > len(PAIRS) / 4


def test_it_may_certify_where_less_than_half_vote_for_the_label():
    assert radius(0.4, 0.1, sigma=1.0) > 0.1


def test_without_a_lead_there_is_none():
    for p in (0.0, 0.2, 0.5, 1.0):
        assert radius(p, p, sigma=1.0) == 0
    assert radius(0.3, 0.6, sigma=1.0) == 0
    assert radius(0.5 + 1e-9, 0.5, sigma=1.0) < 1e-8


def test_it_is_linear_in_sigma_over_sensitivity():
    one = radius(0.8, 0.1, sigma=1.0)
    assert radius(0.8, 0.1, sigma=0.0) == 0
    for sigma, sensitivity in ((0.25, 1.0), (1.0, 4.0), (3.0, 12.0)):
        assert radius(0.8, 0.1, sigma=sigma, sensitivity=sensitivity) == pytest.approx(one / 4)


def test_it_grows_with_the_label_and_falls_with_the_others():
    for fixed in (0.0, 0.1, 0.3):
        grown = [radius(p, fixed, sigma=1.0) for p in np.linspace(fixed, 1, 300)]
        assert all(b >= a - 1e-12 for a, b in pairwise(grown))
        fallen = [radius(0.9, q, sigma=1.0) for q in np.linspace(fixed, 0.9, 300)]
        assert all(b <= a + 1e-12 for a, b in pairwise(fallen))
    assert 0.57 < radius(1.0, 0.0, sigma=1.0) < 0.571  # as eps is at most 1


def test_of_a_linear_model_it_is_below_the_distance():
    """With noise on the picture the class of ``w.x + b`` has probability cdf(distance / sigma)."""
    for sigma in (0.1, 0.5, 2.0):
        for distance in (0.01, 0.2, 1.0):
            p = float(ndtr(distance / sigma))
            assert 0 < radius(p, 1 - p, sigma=sigma) < distance


# The mechanism.


def test_sigma_and_the_attack_bound_are_inverse():
    sigma = gaussian_sigma(0.7, 0.02, 1.5, 0.3)
    assert sigma == pytest.approx(math.sqrt(2 * math.log(1.25 / 0.02)) * 1.5 * 0.3 / 0.7)
    assert attack_bound(sigma, 1.5, 0.7, 0.02) == pytest.approx(0.3)
    assert attack_bound(0.25, 1.0, 1.0, 0.05) == pytest.approx(0.0985, abs=5e-5)
    assert attack_bound(0.0, 1.0, 1.0, 0.05) == gaussian_sigma(1.0, 0.05, 1.0, 0.0) == 0


def test_the_condition():
    assert holds(0.9, 0.01, 0.5, 0.05)
    edge = math.exp(1.0) * 0.1 + (1 + math.exp(0.5)) * 0.05
    assert holds(edge + 1e-9, 0.1, 0.5, 0.05)
    assert not holds(edge - 1e-9, 0.1, 0.5, 0.05)


@pytest.mark.parametrize(("eps", "delta"), [(1.0, 0.05), (0.3, 0.05), (1.0, 0.3), (0.1, 1e-4)])
def test_a_linear_layer_with_noise_is_private(eps, delta):
    """``E A(x) <= e^eps E A(x + change) + delta`` for the worst change, exactly, and no farther.

    A is whether ``w.x + noise`` is positive, with |w| = 1: probability cdf(w.x / sigma).
    """
    sigma = 0.25
    place = np.linspace(-2, 2, 4001)

    def excess(change: float) -> float:
        moved, here = ndtr((place + change) / sigma), ndtr(place / sigma)
        return float((moved - math.exp(eps) * here).max())

    bound = attack_bound(sigma, 1.0, eps, delta)
    assert excess(bound) <= delta
    assert excess(6 * bound) > delta


def test_so_it_is_by_counting():
    sigma, eps, delta, n = 0.5, 1.0, 0.05, 20_000
    change = attack_bound(sigma, 1.0, eps, delta)
    shares = []
    for moved in (0.0, change):  # all of it across the border
        picture = torch.full((1, 4, 4), 0.5)
        picture[0, 0, 0] += moved
        found = votes(Coin(sigma, -0.5), picture, n, generator(), batch=5000)
        shares.append(found[1].item() / n)
        p = ndtr((picture[0, 0, 0].item() - 0.5) / sigma)
        assert abs(shares[-1] - p) < 4 * math.sqrt(0.25 / n)
    assert shares[1] > shares[0] + 0.1
    assert shares[1] <= math.exp(eps) * shares[0] + delta
    assert 1 - shares[0] <= math.exp(eps) * (1 - shares[1]) + delta


# Votes.


class Coin(nn.Module):
    """Class 1 where the first pixel, with noise, is above ``-shift``; called as ``noisy`` is."""

    def __init__(self, sigma: float, shift: float) -> None:
        super().__init__()
        self.sigma, self.shift = sigma, shift
        self.norm = nn.BatchNorm2d(1)

    def forward(self, x: torch.Tensor, source: torch.Generator) -> torch.Tensor:
        assert not self.training
        noise = torch.empty_like(x).normal_(std=self.sigma, generator=source)
        value = (x + noise)[:, 0, 0, 0] + self.shift
        return torch.stack([-value, value], 1)


@pytest.mark.parametrize("batch", [1, 7, 64, 1000])
def test_the_batch_size_changes_nothing(batch):
    picture = torch.full((1, 4, 4), 0.6)
    expected = votes(Coin(0.5, -0.5), picture, 300, generator())
    assert 0 < expected[0] < expected[1]
    assert torch.equal(votes(Coin(0.5, -0.5), picture, 300, generator(), batch=batch), expected)


def test_votes_of_the_network():
    torch.manual_seed(0)
    network = PixelDPResNet32(sigma=0.25).eval()
    picture = torch.rand(1, 3, 32, 32, generator=generator())
    steps = []
    found = votes(
        network.noisy, picture, 48, generator(), batch=32, progress=lambda *k: steps.append(k)
    )
    assert (found.dtype, found.shape, found.sum().item()) == (torch.int64, (10,), 48)
    assert steps == [(32, 48), (48, 48)]
    network.sigma = 0.0
    (only,) = votes(network.noisy, picture[0], 5, generator()).nonzero()
    assert only == network(picture).argmax()


def test_a_module_is_asked_in_eval_mode_and_restored():
    coin = Coin(0.5, 0.0).train()
    votes(coin, torch.zeros(1, 4, 4), 10, generator())
    assert coin.training
    assert coin.norm.training


# The certificate.


def test_it_bounds_every_class_at_once():
    counts = (120, 800, 80)
    said = certificate(torch.tensor(counts), sigma=0.25, alpha=0.05, sensitivity=2.0)
    assert said.label == 1
    assert said.p_lower == lower(800, 1000, 0.05 / 6) < 0.8
    assert said.p_upper == upper(120, 1000, 0.05 / 6) > 0.12
    assert said.radius == radius(said.p_lower, said.p_upper, sigma=0.25, sensitivity=2.0) > 0
    assert said.radius < radius(0.8, 0.12, sigma=0.25, sensitivity=2.0)
    assert (said.counts, said.n, said.alpha, said.sigma) == (counts, 1000, 0.05, 0.25)


def test_all_and_none():
    said = certificate([0, 0, 500], sigma=1.0)
    assert said.label == 2
    assert said.p_lower < 1
    assert said.p_upper > 0
    assert 0.5 < said.radius < radius(1.0, 0.0, sigma=1.0)
    tied = certificate([250, 250], sigma=1.0)
    assert (tied.label, tied.radius) == (0, 0.0)


@pytest.mark.parametrize("p", [(0.5, 0.5), (0.2,) * 5, (0.4, 0.3, 0.2, 0.1)])
def test_the_bounds_hold_for_whichever_class_wins(p):
    alpha, tries = 0.2, 300
    source = np.random.default_rng(0)
    wrong = 0
    for counts in source.multinomial(100, p, size=tries):
        said = certificate(counts.tolist(), sigma=1.0, alpha=alpha)
        others = max(q for i, q in enumerate(p) if i != said.label)
        wrong += said.p_lower > p[said.label] or said.p_upper < others
        if len(set(p)) == 1 and said.radius > 0:
            assert said.p_lower > p[0] or said.p_upper < p[0]
    assert wrong <= binom.ppf(0.999, tries, alpha)


@pytest.mark.parametrize("alpha", [0.05, 0.5, 1e-9])
@pytest.mark.parametrize("classes", [2, 10, 1000])
def test_too_few_votes_are_known_before_they_are_counted(alpha, classes):
    def agreed(n: int) -> PixelDPCertificate:
        return certificate([n] + [0] * (classes - 1), sigma=1.0, alpha=alpha)

    least = next(n for n in range(1, 100) if agreed(n).radius > 0)
    assert too_few(least, alpha, classes) is None
    assert agreed(least).notices == ()
    assert agreed(least - 1).notices == (too_few(least - 1, alpha, classes),)
    assert f"at least {least}." in agreed(least - 1).notices[0]


def test_certified_accuracy_takes_these_too():
    said = [certificate([9, 491], sigma=1.0), certificate([260, 240], sigma=1.0)]
    assert said[1].radius == 0
    assert certified_accuracy(said, [1, 0], [0, 0.1, 0.6]) == [0.5, 0.5, 0.0]


# What is refused.


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: gaussian_sigma(1.5, 0.05, 1.0, 0.1), "eps"),
        (lambda: gaussian_sigma(0.0, 0.05, 1.0, 0.1), "eps"),
        (lambda: gaussian_sigma(1.0, 0.0, 1.0, 0.1), "delta"),
        (lambda: gaussian_sigma(1.0, 0.05, 0.0, 0.1), "sensitivity"),
        (lambda: gaussian_sigma(1.0, 0.05, 1.0, -0.1), "radius"),
        (lambda: attack_bound(-1.0, 1.0, 1.0, 0.05), "sigma"),
        (lambda: holds(1.1, 0.0, 1.0, 0.05), "p_lower"),
        (lambda: holds(1.0, math.nan, 1.0, 0.05), "p_upper"),
        (lambda: radius(0.9, 0.1, sigma=1.0, sensitivity=0.0), "sensitivity"),
        (lambda: radius(0.9, -0.1, sigma=1.0), "p_upper"),
        (lambda: certificate([5], sigma=1.0), "counts"),
        (lambda: certificate([5, 6], sigma=-1.0), "sigma"),
        (lambda: certificate([5, 6], sigma=1.0, alpha=0.0), "alpha"),
        (lambda: votes(Coin(1.0, 0.0), torch.zeros(1, 4, 4), 0, generator()), "n"),
        (lambda: votes(Coin(1.0, 0.0), torch.zeros(2, 1, 4, 4), 9, generator()), "image"),
    ],
)
def test_bad_values_are_refused_by_name(call, name):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        call()


def test_the_scan_starts_below_every_delta_that_matters():
    assert pixeldp.DELTAS[0] <= 1e-12
    assert pixeldp.DELTAS[-1] == pytest.approx(0.3)
