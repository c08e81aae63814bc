"""The losses against float64 formulas, and what they do where softmax underflows."""

import pytest
import torch
import torch.nn.functional as F

from robust_core import attacks
from robust_core.attacks import losses

LABELS = torch.arange(50) % 7
DIFFERENTIATED = {name: pair[0] for name, pair in losses.LOSSES.items()}


@pytest.fixture
def logits():
    return 5 * torch.randn(50, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def own(logits):
    return logits.gather(1, LABELS[: len(logits), None])[:, 0]


def test_log_odds_are_those_of_the_probability(logits):
    p = own(logits.softmax(1))
    torch.testing.assert_close(losses.log_odds(logits, LABELS), torch.log((1 - p) / p))


def test_cross_entropy_is_softplus_of_the_log_odds(logits):
    expected = F.cross_entropy(logits, LABELS, reduction="none")
    differentiated, shown = losses.LOSSES["ce"]
    torch.testing.assert_close(shown(differentiated(logits, LABELS)), expected)
    torch.testing.assert_close(losses.naive_cross_entropy(logits, LABELS), expected)


def test_the_gradient_of_cross_entropy_is_that_of_the_log_odds_times_one_minus_p(logits):
    logits = logits.requires_grad_()
    (odds,) = torch.autograd.grad(losses.log_odds(logits, LABELS).sum(), logits)
    (entropy,) = torch.autograd.grad(F.cross_entropy(logits, LABELS, reduction="sum"), logits)
    wrong = 1 - own(logits.detach().softmax(1))
    torch.testing.assert_close(entropy, wrong[:, None] * odds)


def test_log_odds_have_a_gradient_where_float32_probabilities_are_exactly_one():
    logits = torch.tensor([[200.0, 0, 1]], requires_grad=True)
    label = torch.tensor([0])
    assert logits.softmax(1)[0, 0] == 1
    (naive,) = torch.autograd.grad(losses.naive_cross_entropy(logits, label).sum(), logits)
    (odds,) = torch.autograd.grad(losses.log_odds(logits, label).sum(), logits)
    assert not naive.any()
    others = torch.tensor([0.0, 1.0]).softmax(0)
    torch.testing.assert_close(odds, torch.tensor([[-1.0, *others.tolist()]]))


def test_the_margin_is_positive_exactly_when_another_class_wins(logits):
    value = losses.margin(logits, LABELS)
    assert (value > 0).equal(logits.argmax(1) != LABELS)
    for i in range(50):
        others = [z for k, z in enumerate(logits[i].tolist()) if k != LABELS[i]]
        assert value[i] == max(others) - logits[i, LABELS[i]]


def test_the_margin_of_log_probabilities_is_that_of_the_logits(logits):
    """The own class is left out by minus infinity: multiplying by zero fails where all are negative."""
    value = losses.margin(logits.log_softmax(1), LABELS)
    torch.testing.assert_close(value, losses.margin(logits, LABELS))


def test_dlr_follows_its_definition_and_ignores_shift_and_scale(logits):
    value = losses.dlr(logits, LABELS)
    ordered = logits.sort(1, descending=True).values
    expected = losses.margin(logits, LABELS) / (ordered[:, 0] - ordered[:, 2])
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(losses.dlr(100 * logits - 7, LABELS), value)
    assert not torch.allclose(losses.margin(100 * logits, LABELS), losses.margin(logits, LABELS))
    with pytest.raises(ValueError, match="at least 3 classes; the model has 2"):
        losses.dlr(logits[:, :2], LABELS % 2)


def test_dlr_has_a_gradient_towards_a_target_of_every_rank(logits):
    logits = logits.requires_grad_()
    third = logits.topk(3).indices[:, 2]
    for loss, moves in ((losses.dlr, False), (losses.targeted_dlr, True)):
        (gradient,) = torch.autograd.grad(loss(logits, third).sum(), logits)
        assert (gradient.abs().amax(1) > 1e-9).all() == moves
    for rank in range(7):
        target = logits.argsort(1, descending=True)[:, rank]
        (gradient,) = torch.autograd.grad(losses.targeted_dlr(logits, target).sum(), logits)
        assert (gradient.gather(1, target[:, None]) < 0).all()  # lowered by a higher target
    value = losses.targeted_dlr(logits, LABELS)
    torch.testing.assert_close(losses.targeted_dlr(9 * logits + 3, LABELS), value)
    assert (value > 0).equal(losses.margin(logits, LABELS) > 0)
    with pytest.raises(ValueError, match="towards a target needs at least 4 classes"):
        losses.targeted_dlr(logits[:, :3], LABELS % 3)


@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_one_value_a_picture_and_higher_means_further_from_the_class(logits, name):
    loss = DIFFERENTIATED[name]
    assert loss(logits, LABELS).shape == (50,)
    lower = logits.scatter_add(1, LABELS[:, None], torch.full((50, 1), -0.1).double())
    rises = loss(lower, LABELS) - loss(logits, LABELS)
    third = logits.topk(3).indices[:, 2] == LABELS  # where dlr, by its definition, is level
    assert (rises[~third] > 0).all()
    assert third.any()
    assert (rises[third] > (-1e-12 if name == "dlr" else 0)).all()
    alone = torch.cat([loss(logits[i : i + 1], LABELS[i : i + 1]) for i in range(50)])
    torch.testing.assert_close(alone, loss(logits, LABELS), rtol=0, atol=0)


@pytest.mark.parametrize("loss", ["ce", "margin", "softmax-ce"])
def test_losses_work_with_two_classes(logits, loss):
    value = DIFFERENTIATED[loss](logits[:, :2].requires_grad_(), LABELS % 2)
    assert value.isfinite().all()
    assert value.requires_grad


@pytest.mark.parametrize("scale", [30.0, 100.0])
@pytest.mark.parametrize(("name", "eps"), [("fgsm", 0.3), ("pgd", 0.15), ("pgd-l2", 1.5)])
def test_confident_models_are_masked_from_the_naive_form_only(
    digits_model, digits_test, scale, name, eps
):
    """Papernot's distillation in one line: float32 softmax of large logits is exactly one-hot."""
    images, labels = (x[:100] for x in digits_test)

    def success(loss, scale=1.0):
        steps = {} if name == "fgsm" else {"steps": 10}
        attack = attacks.create(name, eps=eps, loss=loss, **steps)
        record = attack.run(lambda x: scale * digits_model(x), images, labels)
        return record, record.success.double().mean()

    plain, rate = success("ce")
    exact, exact_rate = success("ce", scale)
    naive, naive_rate = success("softmax-ce", scale)
    assert rate > 0.7
    assert exact_rate >= rate - 0.03
    assert success("margin", scale)[1] >= rate - 0.05
    assert abs(success("dlr", scale)[1] - success("dlr")[1]) <= 0.02
    assert naive_rate <= rate - 0.4
    assert naive.zero_gradients.gt(0).double().mean() > 0.4
    assert plain.zero_gradients.sum() == exact.zero_gradients.sum() == 0


@pytest.mark.parametrize("scale", [30.0, 100.0])
@pytest.mark.parametrize("name", ["fgsm", "bim", "bim-l2", "pgd", "pgd-l2"])
def test_with_two_classes_the_scale_of_the_logits_changes_no_picture(
    digits_model, digit_pictures, scale, name
):
    """With more classes, a larger scale moves the weight to the strongest of the others."""
    images, labels = digit_pictures[0][:10].double(), digit_pictures[1][:10] % 2
    logits = _twins(digits_model)
    attack = attacks.create(name, eps=0.1)
    plain = attack(logits, images, labels)
    scaled = attack(lambda x: scale * logits(x), images, labels)
    torch.testing.assert_close(scaled, plain, rtol=0, atol=1e-9)
    assert not scaled.equal(images)


def _twins(model):
    """Even digits against odd ones, in float64."""
    network = type(model.network)()
    network.load_state_dict(model.network.state_dict())
    network.double()

    def logits(x):
        z = network((x - model.mean.double()) / model.std.double())
        return torch.stack([z[:, ::2].sum(1), z[:, 1::2].sum(1)], 1)

    return logits


def test_the_slope_of_the_log_odds_is_their_gradient():
    """Written out for speed, so held against autograd; also where another class is ruled out."""
    logits = 20 * torch.randn(
        40, 6, generator=torch.Generator().manual_seed(3), dtype=torch.float64
    )
    logits[::4, 5] = -torch.inf
    classes = torch.arange(40) % 5
    leaf = logits.clone().requires_grad_()
    (expected,) = torch.autograd.grad(losses.log_odds(leaf, classes).sum(), leaf)
    torch.testing.assert_close(losses.log_odds_slope(logits, classes), expected)


@pytest.mark.parametrize("left", [2, 3, 4])
@pytest.mark.parametrize("name", ["ce", "margin", "dlr"])
def test_classes_at_minus_infinity_leave_finite_losses_and_slopes(logits, name, left):
    """As with those classes alone; where ``dlr`` lacks a third, it is the margin."""
    labels = LABELS % left
    out = torch.arange(7) >= left
    masked = logits.masked_fill(out, -torch.inf).requires_grad_()
    value = DIFFERENTIATED[name](masked, labels)
    (slope,) = torch.autograd.grad(value.sum(), masked)
    few = logits[:, :left].clone().requires_grad_()
    alone = "margin" if (name, left) == ("dlr", 2) else name
    expected = DIFFERENTIATED[alone](few, labels)
    (expected_slope,) = torch.autograd.grad(expected.sum(), few)
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(slope[:, :left], expected_slope)
    assert not slope[:, left:].any()


@pytest.mark.parametrize("left", [3, 4, 5])
def test_targeted_dlr_with_classes_at_minus_infinity(logits, left):
    out = torch.arange(7) >= left
    masked = logits.masked_fill(out, -torch.inf).requires_grad_()
    targets = LABELS % left
    for leaving in (None, (targets + 1) % left, torch.full_like(targets, 6)):
        value = losses.targeted_dlr(masked, targets, leaving)
        (slope,) = torch.autograd.grad(value.sum(), masked)
        assert value.isfinite().all()
        assert slope.isfinite().all()
        if leaving is None or (leaving == 6).all():  # one that is ruled out is as good as none
            assert (slope.gather(1, targets[:, None]) < 0).all()


@pytest.mark.parametrize("scale", [1e-30, 1e-13, 1e25])
def test_dlr_has_no_least_spread(logits, scale):
    for loss in (losses.dlr, losses.targeted_dlr):
        found, expected = loss(scale * logits, LABELS), loss(logits, LABELS)
        torch.testing.assert_close(found, expected)
    tied = torch.zeros(1, 7, requires_grad=True)
    (slope,) = torch.autograd.grad(losses.dlr(tied, LABELS[:1]).sum(), tied)
    assert slope.isfinite().all()
