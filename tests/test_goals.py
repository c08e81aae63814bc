"""Goals: what success means, and which way the loss goes."""

import torch

from robust_core import goals
from robust_core.attacks.losses import margin

LOGITS = torch.tensor([[3.0, 1.0, 0.0], [0.0, 2.0, 1.0], [1.0, 0.0, 5.0]])
LABELS = torch.tensor([0, 0, 2])


def test_untargeted_success_is_any_other_class():
    aim = goals.Untargeted().bind(LABELS)
    assert aim.success(LOGITS).tolist() == [False, True, False]


def test_targeted_success_is_that_class():
    aim = goals.Targeted().bind(torch.tensor([0, 0, 2]))
    assert aim.success(LOGITS).tolist() == [True, False, True]


def test_targeted_success_implies_untargeted_where_the_target_is_another_class():
    logits = torch.randn(200, 5, generator=torch.Generator().manual_seed(0))
    labels, targets = torch.arange(200) % 5, (torch.arange(200) + 1) % 5
    reached = goals.Targeted().bind(targets).success(logits)
    assert reached.any()
    assert goals.Untargeted().bind(labels).success(logits)[reached].all()


def test_the_loss_grows_towards_success():
    """Ascending the margin's value past zero is exactly reaching the goal."""
    for goal in (goals.Untargeted(), goals.Targeted()):
        aim = goal.bind(LABELS)
        assert torch.equal(aim.loss(LOGITS, margin) > 0, aim.success(LOGITS))


def test_least_likely_is_the_smallest_clean_logit():
    aim = goals.LeastLikely().bind(LABELS, LOGITS)
    assert aim.classes.tolist() == [2, 0, 1]
    assert not aim.success(LOGITS).any()


def test_nan_is_never_a_success():
    broken = LOGITS.clone()
    broken[1, 0] = torch.nan
    for goal in (goals.Untargeted(), goals.Targeted()):
        assert not goal.bind(LABELS).success(broken)[1]


def test_rows_of_an_aim():
    aim = goals.Targeted().bind(LABELS)[torch.tensor([2, 1])]
    assert aim.classes.tolist() == [2, 0]
    assert aim.towards
