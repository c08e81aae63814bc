"""Goals: what success means, and which way the loss goes."""

import pytest
import torch

from robust_core import attacks, goals
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


def test_towards_is_targeted_and_knows_the_true_classes():
    aim = goals.Towards(2).bind(LABELS)
    assert torch.equal(aim.success(LOGITS), goals.Targeted().bind(LABELS * 0 + 2).success(LOGITS))
    assert aim.leaving.tolist() == LABELS.tolist()
    assert aim.towards


def test_parameters_are_those_that_count():
    assert goals.Untargeted().parameters == goals.LeastLikely().parameters == {}
    assert goals.Towards(3).parameters == {"target": 3}
    assert goals.SourceTarget(1, 3).parameters == {"source": 1, "target": 3}
    assert goals.ConfidenceReduction().parameters == {"drop": 0.2}
    assert goals.ConfidenceReduction(threshold=0.5).parameters == {"threshold": 0.5}


def random_logits(n=500, classes=5, seed=0):
    return torch.randn(
        n, classes, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )


def test_source_target_implies_targeted_on_the_source_implies_untargeted_implies_less_confidence():
    """On logits of initially correct pictures and any other logits after them."""
    clean, after = random_logits(), random_logits(seed=1)
    labels = clean.argmax(1)
    pair = goals.SourceTarget(source=0, target=1).bind(labels).success(after)
    towards = goals.Targeted().bind(torch.ones_like(labels)).success(after)
    away = goals.Untargeted().bind(labels).success(after)
    assert pair.any()
    assert (labels[pair] == 0).all()
    assert pair.equal(towards & (labels == 0))
    assert away[pair].all()
    own = after.softmax(1).gather(1, labels[:, None])[:, 0]
    assert (own[away] <= 0.5).all()
    assert (own[away] < after.softmax(1).amax(1)[away]).all()


def test_an_untargeted_success_from_a_sure_picture_is_a_reduction_too():
    clean, after = 5 * random_logits(), random_logits(seed=1)
    labels, sure = clean.argmax(1), clean.softmax(1).amax(1) > 0.7
    away = goals.Untargeted().bind(labels).success(after) & sure
    assert away.any()
    assert goals.ConfidenceReduction(drop=0.2).bind(labels, clean).success(after)[away].all()


def test_reduced_confidence_is_measured_on_the_class_that_the_model_said():
    clean = torch.tensor([[2.0, 0.0], [0.0, 2.0]], dtype=torch.float64)
    before = clean.softmax(1).amax(1)
    aim = goals.ConfidenceReduction(drop=0.1).bind(torch.tensor([1, 1]), clean)
    assert aim.classes.tolist() == [0, 1]
    just, short = (torch.logit(before - by) for by in (0.1001, 0.0999))
    for value, reached in ((just, True), (short, False)):
        logits = torch.stack([value, 0 * value], 1)
        logits[1] = logits[1].flip(0)
        assert aim.success(logits).tolist() == [reached] * 2
    assert aim.stops


def test_what_cannot_fall_that_far_is_never_a_success():
    clean = torch.zeros(1, 20)
    aim = goals.ConfidenceReduction(drop=0.2).bind(torch.tensor([0]), clean)  # 5 % to begin with
    assert not aim.success(torch.tensor([[-50.0] + [0.0] * 19])).any()


def test_a_threshold_is_the_same_for_all():
    aim = goals.ConfidenceReduction(threshold=0.6).bind(torch.zeros(3).long(), 9 * torch.eye(3))
    logits = torch.logit(torch.tensor([0.59, 0.61]).double())
    for value, reached in zip(logits, (True, False), strict=True):
        pair = torch.stack([value, 0 * value, -1e9 * value.abs()])
        assert aim[:1].success(pair[None]).tolist() == [reached]


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: goals.ConfidenceReduction(drop=0), "drop"),
        (lambda: goals.ConfidenceReduction(threshold=1.5), "threshold"),
        (lambda: goals.ConfidenceReduction(drop=float("nan")), "drop"),
        (lambda: goals.SourceTarget(3, 3), "target"),
    ],
)
def test_goals_refuse_what_means_nothing(make, name):
    with pytest.raises(ValueError, match=name):
        make()


def test_the_margin_is_positive_exactly_at_success():
    clean, after = 5 * random_logits(), random_logits(seed=2)
    labels = clean.argmax(1)
    for goal in (
        goals.Untargeted(),
        goals.Targeted(),
        goals.RandomTarget(),
        goals.LeastLikely(),
        goals.ConfidenceReduction(),
    ):
        aim = goal.bind(labels, clean)
        assert (aim.margin(after) >= 0).equal(aim.success(after))
        ways, slopes = aim.boundaries(after, 10)
        assert ways.amax(1).equal(aim.margin(after))
        # Each way is linear in the logits, or nearly so over a small step.
        step = 1e-4 * random_logits(seed=3)
        moved = aim.boundaries(after + step, 10)[0]
        expected = ways + torch.einsum("nmk,nk->nm", slopes, step)
        torch.testing.assert_close(moved, expected, rtol=0, atol=5e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_slope_of_the_margin_is_the_one_that_autograd_finds(dtype):
    clean, after = 5 * random_logits(), random_logits(seed=2).to(dtype)
    after[0] = 1.0  # all rivals tie
    after[1, 3] = -torch.inf
    after[2, 4] = torch.nan
    for goal in (goals.Untargeted(), goals.Targeted(), goals.ConfidenceReduction()):
        aim = goal.bind(clean.argmax(1), clean)
        z = after.clone().requires_grad_()
        margin = aim.margin(z)
        (slope,) = torch.autograd.grad(margin.sum(), z)
        found = aim.rise(after)
        torch.testing.assert_close(found[0], margin.detach(), rtol=0, atol=0, equal_nan=True)
        sure = ~after.isnan().any(1)
        torch.testing.assert_close(found[1][sure], slope[sure], rtol=1e-5, atol=1e-7)


def test_a_detour_leads_elsewhere_and_is_judged_by_the_goal():
    logits = random_logits()
    labels = torch.arange(500) % 5
    goal = goals.Untargeted().bind(labels)
    way = goal.detour((labels + 1) % 5)
    assert way.towards
    assert way.leaving.equal(labels)
    assert way.success(logits).equal(goal.success(logits))
    assert way[3:7].success(logits[3:7]).equal(goal.success(logits)[3:7])


def test_random_targets_are_other_classes_spread_evenly_and_the_same_in_any_batch():
    clean, labels = random_logits(2000), torch.arange(2000) % 5
    aim = goals.RandomTarget().bind(labels, clean)
    assert (aim.classes != labels).all()
    counts = torch.bincount((aim.classes - labels) % 5, minlength=5)
    assert counts[0] == 0
    assert counts[1:].min() > 400
    assert goals.RandomTarget().bind(labels[7:8], clean[7:8]).classes == aim.classes[7]
    assert not goals.RandomTarget(seed=1).bind(labels, clean).classes.equal(aim.classes)


def test_pictures_that_a_goal_is_not_about_stay_as_they_are(digits_model, digit_pictures):
    images, labels = digit_pictures
    for name in ("bim", "deepfool"):
        record = attacks.create(name).run(
            digits_model, images, labels, goals.SourceTarget(source=3, target=8)
        )
        others = labels != 3
        assert record.x_adv[others].equal(images[others])
        assert not record.success[others].any()
        assert record.queries_forward[others].sum() == 0
        assert (record.queries_forward[~others] > 0).all()


def test_a_reduction_stops_where_it_is_reached(digits_model, digit_pictures):
    images, labels = digit_pictures
    goal = goals.ConfidenceReduction(drop=0.2)
    record = attacks.create("bim", eps=0.3, steps=100).run(digits_model, images, labels, goal)
    before, after = (digits_model(x).softmax(1) for x in (images, record.x_adv))
    said = before.argmax(1)
    assert record.success.all()
    assert (record.iterations < 100).any()
    assert (after.argmax(1) == said).double().mean() > 0.8  # the label stays


def test_a_class_to_reach_is_the_attackers_and_confidence_the_deployed_models_own():
    labels = torch.tensor([0])
    deployed, attacked = torch.tensor([[4.0, 1.0, 0.0]]), torch.tensor([[4.0, 0.0, 1.0]])
    assert goals.judged(goals.LeastLikely(), labels, deployed, attacked).classes.tolist() == [1]
    less = goals.judged(goals.ConfidenceReduction(), labels, deployed, torch.zeros(1, 3))
    assert torch.equal(less.bar, goals.ConfidenceReduction().bind(labels, deployed).bar)
    assert goals.judged(goals.Untargeted(), labels, deployed, attacked).classes.tolist() == [0]
