"""Wilson's interval against what defines it; the curve against scikit-learn's."""

import math
from itertools import pairwise

import pytest
import torch
from sklearn.metrics import roc_auc_score, roc_curve

from robust_core.evaluation.detector_tables.roc import NORMAL_95, curve, wilson

NAMES = ("false_positives", "true_positives", "low", "high")


def scores(n, m, seed=0, digits=None):
    generator = torch.Generator().manual_seed(seed)
    genuine, adversarial = (
        torch.rand(n, generator=generator),
        torch.rand(m, generator=generator).sqrt(),
    )
    return [s if digits is None else (s * 10**digits).round() for s in (genuine, adversarial)]


@pytest.mark.parametrize("n", [1, 7, 2000])
def test_the_ends_are_where_the_score_test_just_holds(n):
    k = torch.arange(n + 1)
    low, high = wilson(k, n)
    share = k.double() / n
    for end in (low, high):
        expected = NORMAL_95 * (end * (1 - end) / n).sqrt()
        inside = (end > 0) & (end < 1)
        assert inside.sum() == n
        assert torch.allclose((share - end).abs()[inside], expected[inside], atol=1e-12)
    assert low[0] == 0
    assert high[-1] == 1
    assert ((low <= share) & (share <= high)).all()
    assert torch.allclose(low, 1 - high.flip(0))


def test_more_pictures_make_it_narrower():
    widths = [
        (high - low).item() for low, high in (wilson(torch.tensor(n // 2), n) for n in (10, 100))
    ]
    assert widths[1] < widths[0]


@pytest.mark.parametrize(("k", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(k, n):
    with pytest.raises(ValueError, match="successes must be from 0 to n"):
        wilson(torch.tensor([k]), n)


@pytest.mark.parametrize("digits", [None, 1])
def test_all_points_make_the_area_also_with_ties(digits):
    genuine, adversarial = scores(60, 45, digits=digits)
    made = curve(genuine, adversarial, points=10_000)
    false, true = (torch.tensor(made[name]) for name in NAMES[:2])
    truth = torch.cat([torch.zeros(60), torch.ones(45)])
    wanted = roc_auc_score(truth, torch.cat([genuine, adversarial]))
    assert torch.trapezoid(true, false).item() == pytest.approx(wanted)


def test_a_thinned_curve_has_both_ends_and_only_true_points():
    genuine, adversarial = scores(900, 700)
    made = curve(genuine, adversarial, points=40)
    lengths = {len(made[name]) for name in NAMES}
    assert len(lengths) == 1
    assert 20 < lengths.pop() <= 40
    points = list(zip(made["false_positives"], made["true_positives"], strict=True))
    assert points[0] == (0, 0)
    assert points[-1] == (1, 1)
    assert points == sorted(points)
    truth = torch.cat([torch.zeros(900), torch.ones(700)])
    known = roc_curve(truth, torch.cat([genuine, adversarial]), drop_intermediate=False)[:2]
    exact = {(round(f * 900), round(t * 700)) for f, t in zip(*known, strict=True)}
    assert {(round(f * 900), round(t * 700)) for f, t in points} <= exact
    gaps = [math.dist(a, b) for a, b in pairwise(points)]
    assert max(gaps) < 0.15


def test_scores_that_are_all_alike_give_the_diagonal():
    made = curve(torch.full((5,), 0.5), torch.full((3,), 0.5))
    assert made["false_positives"] == made["true_positives"] == [0, 1]
