"""Carlini and Wagner: near the exact distance on affine classifiers, whole books kept per picture."""

import copy
from dataclasses import replace
from functools import cache

import pytest
import torch

from robust_core import attacks, goals
from robust_core.attacks import CWL0, CWL2, CWLinf, DeepFool, DeepFoolLinf
from robust_core.attacks.carlini.l2 import Adam, Bisection, to_box, to_free

EACH = [CWL2(), CWLinf(steps=30), CWL0(steps=30)]
IDS = [attack.name for attack in EACH]


@pytest.fixture(scope="module")
def digits(digits_model, digits_test):
    """The model and 20 test digits that it gets right."""
    images, labels = (x[:32] for x in digits_test)
    right = digits_model(images).argmax(1) == labels
    return digits_model, images[right][:20], labels[right][:20]


@pytest.fixture(scope="module")
def lost(digits):
    """``lost(attack)``: what an attack without randomness makes of these digits, once for all tests."""
    return cache(lambda attack: attack.run(*digits))


def affine(linear, pictures, classes):
    """A linear model, pictures around grey and their classes, what the logits lack, and the slopes."""
    model, images = linear(classes), pictures(20, low=0.3, high=0.7)
    labels = model(images).argmax(1)
    logits = model(images).detach()
    weight = (model.weight - model.weight[labels].unsqueeze(1)).detach()
    lack = (logits.gather(1, labels[:, None]) - logits).scatter(1, labels[:, None], torch.inf)
    return model, images, labels, lack, weight


def test_the_box_is_exact_on_the_clean_picture_and_lets_black_and_white_move():
    x = torch.linspace(0, 1, 101)
    back, slope = to_box(to_free(x))
    torch.testing.assert_close(back, x, rtol=0, atol=1e-6)
    assert slope.min() > 0.18 * slope.max()  # the authors' code: 2e-6


def test_adam_is_that_of_torch_for_each_picture():
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(3, 1, 2, 2, generator=generator, dtype=torch.float64)
    ours, theirs = Adam.at(x), to_free(x).requires_grad_()
    optimizer = torch.optim.Adam([theirs], lr=0.1)
    for step in range(5):
        gradient = torch.randn(x.shape, generator=generator, dtype=torch.float64)
        ours.step(gradient, 0.1)
        theirs.grad = gradient
        optimizer.step()
        if step == 2:  # one begins anew, the others go on
            ours.restart(torch.tensor([1]), x[1:2])
    torch.testing.assert_close(ours.w[[0, 2]], theirs.detach()[[0, 2]])
    assert ours.age.tolist() == [5, 2, 5]
    assert not torch.allclose(ours.w[1], theirs.detach()[1])


def test_the_constant_grows_tenfold_until_it_works_and_is_halved_then():
    search, ended = Bisection.of(torch.ones(3)), torch.tensor([True, True, False])
    search.reached = torch.tensor([False, True, False])
    search.next(ended)
    assert search.const.tolist() == [10, 0.5, 1]
    search.reached = torch.tensor([True, False, True])
    search.next(ended)
    assert search.const.tolist() == [5.5, 0.75, 1]
    assert search.number.tolist() == [2, 2, 0]
    assert search.reached.tolist() == [False, False, True]


def not_below(record, found, exact):
    """How many times the exact distance was found, ``[N]``: all succeed, and none is nearer than it."""
    assert record.success.all()
    ratio = found / exact
    assert ratio.min() >= 1 - 1e-9
    return ratio


@pytest.mark.parametrize("scale", [1e-3, 1, 1e3])
def test_l2_on_an_affine_classifier_is_within_5_percent_of_the_exact_distance(
    linear, pictures, scale
):
    """With the default steps, near or far, and whatever the scale of the logits."""
    model, images, labels, lack, weight = affine(linear, pictures, 2)
    exact = (lack / weight.norm(dim=2)).amin(1)
    assert exact.max() > 20 * exact.min()
    model.weight.data *= scale
    record = CWL2().run(model, images, labels)
    assert not_below(record, record.l2, exact).max() <= 1.01


def test_l2_among_ten_affine_classes_is_mostly_that_of_the_nearest(linear, pictures):
    """Not always: the objective follows the likeliest other class, which need not be the nearest."""
    model, images, labels, lack, weight = affine(linear, pictures, 10)
    exact = (lack / weight.norm(dim=2)).amin(1)
    record = CWL2(search_steps=9, steps=200).run(model, images, labels)
    assert not_below(record, record.l2, exact).median() <= 1.05


def test_linf_on_an_affine_classifier_is_not_below_the_exact_distance(linear, pictures):
    model, images, labels, lack, weight = affine(linear, pictures, 10)
    exact = (lack / weight.abs().sum(2)).amin(1)
    record = CWLinf(steps=200).run(model, images, labels)
    assert not_below(record, record.linf, exact).mean() <= 1.2


def test_l0_finds_the_one_pixel_that_decides(pictures):
    """Only pixel (2, 3) counts: one pixel is enough, and it is that one."""
    images = pictures(5, (3, 5, 7), low=0.1, high=0.4)
    model = lambda x: torch.stack([0.5 - x[:, :, 2, 3].mean(1), x[:, :, 2, 3].mean(1) - 0.5], 1)  # noqa: E731
    record = CWL0().run(model, images, torch.zeros(5).long())
    assert record.success.all()
    assert record.l0.tolist() == [1] * 5
    changed = (record.x_adv != images).any(1)
    assert changed[:, 2, 3].all()


@pytest.mark.parametrize("attack", EACH, ids=IDS)
def test_digits_are_lost_and_success_is_that_of_the_returned_picture(attack, digits, lost):
    model, _, labels = digits
    record = lost(attack)
    assert record.success.all()
    assert record.success.equal(model(record.x_adv).argmax(1) != labels)
    assert record.x_adv.min() >= 0
    assert record.x_adv.max() <= 1


@pytest.mark.parametrize("attack", EACH, ids=IDS)
def test_a_target_is_reached_and_costs_no_less_than_any_class(attack, digits, lost):
    model, images, labels = digits
    away = lost(attack)
    towards = attack.run(model, images, (labels + 1) % 10, goals.Targeted())
    assert towards.success.all()
    assert (model(towards.x_adv).argmax(1) == (labels + 1) % 10).all()
    size = "linf" if attack.norm == "linf" else attack.norm
    assert getattr(towards, size).mean() >= 0.98 * getattr(away, size).mean()


def test_cw_needs_less_than_deepfool_on_black_and_white_pixels(lost):
    """58 % of these pixels are exactly 0 or 1, where the authors' tanh stands still."""
    assert lost(CWL2()).l2.mean() <= lost(DeepFool()).l2.mean()
    assert lost(CWLinf()).linf.mean() <= 1.05 * lost(DeepFoolLinf()).linf.mean()


def test_saturated_pixels_move(digits):
    model, images, labels = digits
    images = images.round()
    labels = model(images).argmax(1)
    record = CWL2(steps=100).run(model, images, labels)
    assert record.success.all()  # every value of these pictures is 0 or 1


def test_confidence_is_a_margin_and_costs_distance(digits, lost):
    model, images, labels = digits
    aim, before = goals.Untargeted().bind(labels), torch.zeros(len(images))
    for confidence in (0.0, 2.0, 5.0):
        record = lost(CWL2(confidence=confidence))
        assert (aim.margin(model(record.x_adv))[record.success] >= confidence - 1e-4).all()
        assert record.success.all()
        assert record.l2.mean() > before.mean()
        assert (record.l2 >= 0.98 * before).all()
        before = record.l2


def test_what_cannot_be_reached_is_returned_clean(pictures):
    images = pictures(3)
    model = lambda x: x.new_tensor([[9.0, 0.0]]) + 0 * x.flatten(1)[:, :2]  # noqa: E731
    for attack in EACH:
        record = attack.run(model, images, torch.zeros(3).long())
        assert record.x_adv.equal(images)
        assert not record.success.any()


def test_a_picture_that_is_already_lost_is_returned_clean(digits):
    model, images, labels = digits
    for attack in EACH:
        record = attack.run(model, images[:5], (labels[:5] + 1) % 10)
        assert record.success.all()
        torch.testing.assert_close(record.x_adv, images[:5], rtol=0, atol=2e-6)


@pytest.mark.parametrize("attack", EACH, ids=IDS)
def test_a_picture_keeps_its_own_books_in_any_company(attack, digits):
    """Searches end at different times; in float64 nothing of that is felt by the others."""
    model, images, labels = digits
    double = copy.deepcopy(model).double()
    images, labels = images[:4].double(), labels[:4]
    if isinstance(attack, CWL2):
        attack = replace(attack, abort_early=True)
    together = attack.run(double, images, labels)
    assert len(set(together.queries_forward.tolist())) > 1
    for i in range(4):
        alone = attack.run(double, images[i : i + 1], labels[i : i + 1])
        assert alone.queries_forward.item() == together.queries_forward[i].item()
        torch.testing.assert_close(alone.x_adv[0], together.x_adv[i], rtol=0, atol=1e-9)


def test_without_early_stop_all_steps_are_done(digits):
    model, images, labels = digits
    record = CWL2(search_steps=2, steps=20, abort_early=False).run(model, images, labels)
    assert record.iterations.tolist() == [40] * len(images)
    assert record.queries_forward.equal(record.queries_backward)
    short = CWL2(search_steps=2, steps=200, abort_early=True).run(model, images, labels)
    assert (short.iterations < 400).any()


def test_more_searches_are_never_worse(digits):
    model, images, labels = digits
    few, many = (CWL2(search_steps=n, steps=50).run(model, images, labels) for n in (2, 5))
    assert (many.success | ~few.success).all()
    both = few.success & many.success
    assert (many.l2[both] <= few.l2[both] + 1e-9).all()


def test_the_bound_of_linf_and_the_pixels_of_l0_only_shrink(digits):
    """Each success that is seen is smaller than the one before."""
    model, images, labels = digits
    for attack, size in ((CWLinf(steps=30), "linf"), (CWL0(steps=30), "l0")):
        best, sizes = attack.run(model, images[:1], labels[:1]), []

        def look(x, loss, sizes=sizes, size=size):
            if loss >= 0:
                delta = (x - images[:1]).abs()
                count = (delta > 1e-6).any(1).sum() if size == "l0" else delta.max()
                sizes.append(count.item())

        attack(model, images[:1], labels[:1], observer=look)
        assert getattr(best, size).item() == pytest.approx(min(sizes), rel=1e-5)
        if size == "l0":
            assert sizes == sorted(sizes, reverse=True)


def test_any_shape_of_picture(linear, pictures):
    for shape in ((12,), (1, 4, 4), (3, 5, 7)):
        model, images = linear(3, shape), pictures(2, shape)
        for attack in EACH:
            assert attack(model, images, model(images).argmax(1)).shape == images.shape


def test_names():
    assert {"cw-l2", "cw-linf", "cw-l0"} <= set(attacks.names())
