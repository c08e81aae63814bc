"""A second model for what is flagged: its ends, its limits, and rejection as a special case."""

import math
from dataclasses import replace

import pytest
import torch

from robust_core.detectors.fallback import Second, fallback
from robust_core.detectors.measure import Answers
from robust_core.detectors.rejection import Costs, sweep

COSTS = Costs(wrong=2, harm=10, false_alarm=1, caught=0.5)
FREE = replace(COSTS, false_alarm=0, caught=0)
"""A rejection costs nothing."""


def drawn(n: int, share: float, seed: int) -> torch.Tensor:
    return torch.rand(n, generator=torch.Generator().manual_seed(seed)) < share


@pytest.fixture(scope="module")
def answers() -> Answers:
    """Scores with ties, adversarial ones higher; the classifier is mostly right on clean pictures."""
    g = torch.Generator().manual_seed(0)
    genuine = (torch.rand(60, generator=g) * 20).round() / 25
    adversarial = (torch.rand(40, generator=g) * 20).round() / 25 + 0.2
    return Answers(genuine, adversarial, drawn(60, 0.9, 1), drawn(40, 0.2, 2))


@pytest.fixture(scope="module")
def second() -> Second:
    """Less often right on clean pictures, more often on adversarial ones."""
    return Second(drawn(60, 0.7, 3), drawn(40, 0.6, 4))


def share(mask: torch.Tensor) -> float:
    return mask.double().mean().item()


def same(one: torch.Tensor, other: torch.Tensor | float) -> bool:
    return torch.allclose(one, torch.as_tensor(other, dtype=torch.float64), rtol=0, atol=1e-12)


def test_without_end_the_first_model_is_alone(answers, second):
    last = fallback(answers, second).at(-1)
    assert last["threshold"] == math.inf
    assert last["clean_accuracy"] == pytest.approx(share(answers.before))
    assert last["harm"] == pytest.approx(share(~answers.after))
    assert last["robust_accuracy"] == pytest.approx(share(answers.after))


def test_at_the_other_end_the_second_model_is_alone(answers, second):
    policy = fallback(answers, second)
    first = policy.at(0)
    assert first["threshold"] == -math.inf
    assert first["clean_accuracy"] == pytest.approx(share(second.before))
    assert first["harm"] == pytest.approx(share(~second.after))
    assert policy.coverage(0.3)[0] == 0
    assert first["false_rejections"] == 1


@pytest.mark.parametrize("threshold", [-1.0, 0.0, 0.2, 0.44, 0.45, 0.9, 2.0])
def test_the_figures_are_what_counting_gives(answers, second, threshold):
    clean = answers.genuine.double() > threshold
    adversarial = answers.adversarial.double() > threshold
    at = fallback(answers, second, torch.tensor([threshold], dtype=torch.float64)).at(0)
    right = torch.where(clean, second.before, answers.before)
    withstood = torch.where(adversarial, second.after, answers.after)
    expected = {
        "threshold": threshold,
        "accepted_clean": share(~clean),
        "accepted_adversarial": share(~adversarial),
        "false_rejections": share(clean),
        "clean_accuracy": share(right),
        "harm": share(~withstood),
        "robust_accuracy": share(withstood),
    }
    assert at == pytest.approx(expected, abs=1e-12)


def test_a_second_model_that_is_always_wrong_harms_with_all_that_is_flagged(answers):
    never = Second(torch.zeros(60).bool(), torch.zeros(40).bool())
    policy, alone = fallback(answers, never), sweep(answers)
    assert same(policy.harm, alone.harm + 1 - alone.accepted_adversarial)
    assert same(policy.clean_accuracy, alone.clean_accuracy)
    assert policy.harm[0] == 1


def test_a_second_model_like_the_first_changes_nothing(answers):
    policy = fallback(answers, Second(answers.before, answers.after))
    assert same(policy.clean_accuracy, share(answers.before))
    assert same(policy.harm, share(~answers.after))
    cost = policy.cost(COSTS, 0.3)
    assert same(cost, cost[-1].item())
    assert policy.best(COSTS, 0.3) == len(cost) - 1  # a tie: flags least


def test_rejection_is_a_second_model_that_never_harms(answers):
    """And that costs nothing where it is asked about a clean picture."""
    policy = fallback(answers, Second(torch.ones(60).bool(), torch.ones(40).bool()))
    alone = sweep(answers)
    assert same(policy.harm, alone.harm)
    assert same(policy.robust_accuracy, alone.robust_accuracy)
    assert same(policy.clean_accuracy, alone.clean_accuracy + alone.false_rejections)
    for part in (0.0, 0.1, 1.0):
        assert same(policy.coverage(part), alone.coverage(part))
        assert same(policy.cost(COSTS, part), alone.cost(FREE, part))
    assert policy.best(COSTS, 0.2) == alone.best(FREE, 0.2)


def test_every_second_model_is_between_the_best_and_the_worst(answers, second):
    alone, policy = sweep(answers), fallback(answers, second)
    assert (policy.harm >= alone.harm).all()
    assert (policy.harm <= alone.harm + 1 - alone.accepted_adversarial + 1e-12).all()
    assert (policy.clean_accuracy >= alone.clean_accuracy).all()
    assert (policy.clean_accuracy <= alone.clean_accuracy + alone.false_rejections + 1e-12).all()


def test_harm_may_rise_as_the_threshold_falls_unlike_that_of_rejection(answers):
    worse = Second(answers.before, torch.zeros(40).bool())
    steps = fallback(answers, worse).harm.diff()
    assert (steps <= 1e-12).all()
    assert steps.min() < -0.01
    assert (sweep(answers).harm.diff() >= 0).all()


def test_costs_by_hand():
    """Four clean, two flagged: one right. Three adversarial, two flagged: one right."""
    answers = Answers(
        torch.tensor([0.1, 0.1, 0.9, 0.9]),
        torch.tensor([0.3, 0.8, 0.8]),
        torch.tensor([True, False, True, True]),
        torch.tensor([False, False, False]),
    )
    second = Second(torch.tensor([False, True, True, False]), torch.tensor([True, True, False]))
    policy = fallback(answers, second, torch.tensor([0.5]))
    costs = Costs(wrong=4, harm=30, false_alarm=100, caught=100)
    assert policy.cost(costs, 0)[0] == 4 * 2 / 4
    assert policy.cost(costs, 1)[0] == pytest.approx(30 * 2 / 3)
    assert policy.cost(costs, 0.25)[0] == pytest.approx(0.75 * 2 + 0.25 * 20)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda a, s: fallback(a, replace(s, before=s.before[1:])), "clean scores and answers"),
        (lambda a, s: fallback(a, replace(s, after=s.after[1:])), "adversarial scores and answers"),
        (lambda a, s: fallback(a, s, torch.tensor([0.5, 0.4])), "thresholds must be"),
        (lambda a, s: fallback(a, s).cost(COSTS, 2), "share must be"),
    ],
)
def test_bad_arguments_are_named(answers, second, call, words):
    with pytest.raises(ValueError, match=words):
        call(answers, second)
