"""The reject option: its ends, its trade, and what it costs."""

import math
from dataclasses import replace

import pytest
import torch

from robust_core.detectors.measure import Answers
from robust_core.detectors.rejection import Costs, at_threshold, sweep

FREE = Costs(wrong=0, harm=0, false_alarm=0, caught=0)


def drawn(n=60, m=40, seed=0) -> Answers:
    """Scores with ties, adversarial ones higher; the classifier is mostly right on clean pictures."""
    g = torch.Generator().manual_seed(seed)
    genuine = (torch.rand(n, generator=g) * 20).round() / 25
    adversarial = (torch.rand(m, generator=g) * 20).round() / 25 + 0.2
    return Answers(
        genuine,
        adversarial,
        torch.rand(n, generator=g) < 0.9,
        torch.rand(m, generator=g) < 0.2,
    )


@pytest.fixture(scope="module")
def answers() -> Answers:
    return drawn()


@pytest.fixture(scope="module")
def curves(answers):
    return sweep(answers)


def test_without_end_the_classifier_is_alone(answers, curves):
    last = curves.at(-1)
    assert last["threshold"] == math.inf
    assert (last["accepted_clean"], last["accepted_adversarial"]) == (1, 1)
    assert last["clean_accuracy"] == answers.before.double().mean()
    assert last["robust_accuracy"] == pytest.approx(answers.after.double().mean().item())
    assert curves.coverage(0.3)[-1] == 1


def test_at_the_other_end_everything_is_rejected(curves):
    first = curves.at(0)
    assert first["threshold"] == -math.inf
    assert (first["accepted_clean"], first["clean_accuracy"], first["harm"]) == (0, 0, 0)
    assert (first["false_rejections"], first["robust_accuracy"]) == (1, 1)
    assert curves.coverage(0.3)[0] == 0


def test_a_lower_threshold_means_less_harm_and_fewer_answers(curves):
    for rising in (curves.harm, curves.clean_accuracy, curves.accepted_clean, curves.coverage(0.5)):
        assert (rising.diff() >= 0).all()
    assert (curves.robust_accuracy.diff() <= 0).all()
    assert (curves.false_rejections.diff() <= 0).all()


@pytest.mark.parametrize("threshold", [-1.0, 0.0, 0.2, 0.44, 0.45, 0.9, 2.0])
def test_the_figures_are_what_counting_gives(answers, threshold):
    def share(mask):
        return mask.double().mean().item()

    clean = ~(answers.genuine.double() > threshold)
    adversarial = ~(answers.adversarial.double() > threshold)
    expected = {
        "threshold": threshold,
        "accepted_clean": share(clean),
        "accepted_adversarial": share(adversarial),
        "false_rejections": share(~clean),
        "clean_accuracy": share(clean & answers.before),
        "harm": share(adversarial & ~answers.after),
        "robust_accuracy": share(~adversarial | answers.after),
    }
    assert at_threshold(answers, threshold) == pytest.approx(expected, abs=1e-12)


def test_a_score_at_the_threshold_is_accepted_as_no_detector_flags_it():
    one, right = torch.tensor([0.5]), torch.tensor([True])
    assert at_threshold(Answers(one, one, right, right), 0.5)["accepted_clean"] == 1
    assert at_threshold(Answers(one, one, right, right), 0.499)["accepted_clean"] == 0


def test_no_threshold_between_the_scores_is_a_policy_of_its_own(answers, curves):
    middle = (curves.thresholds[1:-2] + curves.thresholds[2:-1]) / 2
    between = sweep(answers, middle)
    for name in ("accepted_clean", "accepted_adversarial", "clean_accuracy", "harm"):
        assert torch.equal(getattr(between, name), getattr(curves, name)[1:-2])


def test_a_perfect_detector_loses_nothing():
    n = 10
    perfect = Answers(torch.zeros(n), torch.ones(n), torch.ones(n).bool(), torch.zeros(n).bool())
    figures = at_threshold(perfect, 0.5)
    assert (figures["clean_accuracy"], figures["robust_accuracy"]) == (1, 1)
    curves = sweep(perfect)
    best = curves.best(Costs(caught=0), 0.5)
    assert curves.cost(Costs(caught=0), 0.5)[best] == 0
    assert 0 <= curves.thresholds[best] < 1


def test_a_detector_that_says_the_same_of_all_accepts_all_or_nothing(answers):
    same = replace(answers, genuine=torch.zeros(60), adversarial=torch.zeros(40))
    curves = sweep(same)
    assert set(curves.accepted_clean.tolist()) == {0.0, 1.0}
    assert torch.equal(curves.accepted_adversarial, curves.accepted_clean)
    assert curves.harm.max() == pytest.approx(1 - answers.after.double().mean().item())


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_the_best_threshold_costs_least(curves, share):
    costs = Costs(wrong=2, harm=10, false_alarm=1, caught=0.5)
    cost = curves.cost(costs, share)
    best = curves.best(costs, share)
    assert cost[best] == pytest.approx(cost.min().item())
    assert (cost[best + 1 :] > cost[best]).all()


def test_costs_by_hand():
    """Four clean: right, wrong and right accepted, right rejected. Two adversarial: one of each."""
    answers = Answers(
        torch.tensor([0.1, 0.1, 0.2, 0.9]),
        torch.tensor([0.3, 0.8]),
        torch.tensor([True, False, True, True]),
        torch.tensor([False, False]),
    )
    curve = sweep(answers, torch.tensor([0.5]))
    costs = Costs(wrong=4, harm=100, false_alarm=8, caught=2)
    assert curve.cost(costs, 0)[0] == (4 + 8) / 4
    assert curve.cost(costs, 1)[0] == (100 + 2) / 2
    assert curve.cost(costs, 0.25)[0] == pytest.approx(0.75 * 3 + 0.25 * 51)


def test_free_rejections_reject_and_dear_ones_do_not(curves):
    assert curves.best(replace(FREE, harm=1, wrong=1), 0.5) < len(curves.thresholds) - 1
    assert curves.best(replace(FREE, false_alarm=1, caught=1), 0.5) == len(curves.thresholds) - 1
    assert curves.best(FREE, 0.5) == len(curves.thresholds) - 1  # a tie: rejects least


def test_more_adversaries_never_raise_the_best_threshold_where_only_harm_and_alarms_cost(curves):
    costs = replace(FREE, harm=5, false_alarm=1)
    best = [curves.best(costs, share) for share in (0.0, 0.01, 0.1, 0.3, 0.6, 0.99)]
    assert best == sorted(best, reverse=True)
    assert best[0] > best[-1]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda a, c: Costs(harm=-1), "harm must be a cost"),
        (lambda a, c: Costs(wrong=math.inf), "wrong must be a cost"),
        (lambda a, c: c.coverage(1.5), "share must be"),
        (lambda a, c: c.cost(Costs(), -0.1), "share must be"),
        (lambda a, c: sweep(a, torch.tensor([0.5, 0.4])), "thresholds must be"),
        (lambda a, c: sweep(a, torch.tensor([])), "thresholds must be"),
        (lambda a, c: sweep(replace(a, genuine=a.genuine[1:])), "clean scores and answers"),
        (lambda a, c: sweep(replace(a, adversarial=a.adversarial * math.nan)), "got NaN"),
    ],
)
def test_mistakes_are_named(answers, curves, call, words):
    with pytest.raises(ValueError, match=words):
        call(answers, curves)
