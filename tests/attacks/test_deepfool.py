"""DeepFool: exact on affine classifiers, small and sure on networks."""

import pytest
import torch

from robust_core import attacks, goals
from robust_core.attacks import DeepFool, DeepFoolLinf
from robust_core.attacks.oracle import Oracle

BOTH = [DeepFool, DeepFoolLinf]


def size(attack, x, y):
    delta = (x - y).double().flatten(1)
    return delta.abs().amax(1) if attack.norm == "linf" else delta.norm(dim=1)


def exact(attack, model, images, labels):
    """Distance to the nearest class boundary of a linear model: |f'| over the dual norm of w'."""
    logits = model(images)
    weight = model.weight - model.weight[labels].unsqueeze(1)  # [N, K, D]
    order = 1 if attack.norm == "linf" else 2
    distance = (logits - logits.gather(1, labels[:, None])).abs() / weight.norm(order, dim=2)
    return distance.scatter(1, labels[:, None], torch.inf).amin(1)


@pytest.fixture
def affine(linear, pictures):
    """A ten-class linear model, pictures well inside the box, and the classes that it gives them."""
    model, images = linear(10), pictures(50, low=0.45, high=0.55)
    model.weight.data /= 10
    return model, images, model(images).argmax(1)


@pytest.mark.parametrize("kind", BOTH)
def test_an_affine_classifier_takes_one_step_of_the_exact_length(affine, kind):
    model, images, labels = affine
    for overshoot in (0.02, 0.5):
        attack = kind(overshoot=overshoot)
        record = attack.run(model, images, labels)
        assert record.success.all()
        assert record.iterations.tolist() == [1] * 50
        length = size(attack, record.x_adv, images) / (1 + overshoot)
        torch.testing.assert_close(length, exact(attack, model, images, labels), rtol=1e-9, atol=0)


@pytest.mark.parametrize("kind", BOTH)
def test_with_the_default_overshoot_it_is_at_most_2_percent_longer(affine, kind):
    model, images, labels = affine
    ratio = size(kind(), kind()(model, images, labels), images) / exact(kind(), *affine)
    assert ratio.max() <= 1.021
    assert ratio.min() >= 1


def test_a_linf_step_moves_every_value_equally_far(affine):
    model, images, labels = affine
    delta = (DeepFoolLinf()(model, images, labels) - images).abs().flatten(1)
    torch.testing.assert_close(delta, delta[:, :1].expand_as(delta))


@pytest.mark.parametrize("kind", BOTH)
def test_towards_a_target_it_goes_to_the_boundary_of_the_target(affine, kind):
    """With two classes in play the distance is that to the one boundary."""
    model, images, labels = affine
    two = type(model)(2, (3, 5, 7), torch.float64, 3)
    two.weight.data /= 10
    now = two(images).argmax(1)
    attack = kind()
    away, towards = attack(two, images, now), attack(two, images, 1 - now, targeted=True)
    torch.testing.assert_close(away, towards)
    record = attack.run(model, images, (labels + 1) % 10, goals.Targeted())
    inside = ((record.x_adv > 0) & (record.x_adv < 1)).flatten(1).all(1)
    assert inside.any()
    assert record.success[inside].all()


@pytest.mark.parametrize("kind", BOTH)
def test_a_picture_that_is_already_lost_is_not_touched(affine, kind):
    model, images, labels = affine
    wrong = (labels + 1) % 10
    record = kind().run(model, images, wrong)
    assert record.x_adv.equal(images)
    assert record.success.all()
    assert record.iterations.sum() == record.queries_backward.sum() == 0
    assert record.queries_forward.tolist() == [1] * 50


@pytest.mark.parametrize("kind", BOTH)
def test_passes_are_those_of_the_candidates(affine, kind):
    model, images, labels = affine
    for candidates, ways in ((2, 1), (4, 3), (10, 9), (1000, 9)):
        record = kind(candidates=candidates).run(model, images[:1], labels[:1])
        assert record.queries_backward.item() == ways * record.iterations.item()
        assert record.queries_forward.item() == record.iterations.item() + 1


def test_finished_pictures_cost_no_gradients(digits_model, digit_pictures):
    """Each picture pays for its own steps, and hardly any gradient goes to one that is done."""
    images, _ = digit_pictures
    labels = digits_model(images).argmax(1)
    record = DeepFool().run(digits_model, images, labels)
    assert len(set(record.iterations.tolist())) > 1
    wasted = record.queries_backward - 9 * record.iterations
    assert (wasted >= 0).all()
    assert wasted.sum() < 0.1 * record.queries_backward.sum()
    assert (record.queries_forward >= record.iterations + 1).all()


@pytest.mark.parametrize("kind", BOTH)
def test_digits_are_all_lost_and_by_less_than_fgsm_needs(digits_model, digit_pictures, kind):
    images, labels = digit_pictures
    right = digits_model(images).argmax(1) == labels
    images, labels = images[right], labels[right]
    record = kind().run(digits_model, images, labels)
    assert record.success.all()
    needed = size(kind(), record.x_adv, images)
    fgsm = torch.full_like(needed, torch.inf)
    for eps in torch.linspace(0.005, 1, 100):
        adversarial = attacks.create("fgsm", eps=float(eps))(digits_model, images, labels)
        lost = digits_model(adversarial).argmax(1) != labels
        fgsm = torch.where(lost, fgsm.minimum(size(kind(), adversarial, images)), fgsm)
    found = fgsm.isfinite()
    assert needed[found].mean() < fgsm[found].mean()


def test_black_and_white_pictures_are_crossed_in_the_box(digits_model, digit_pictures):
    """58 % of the digits' pixels are exactly 0 or 1: steps that the box cuts off are made up for."""
    images, labels = digit_pictures
    images = images.round()
    labels = digits_model(images).argmax(1)
    record = DeepFool().run(digits_model, images, labels)
    assert record.success.all()
    assert record.x_adv.min() >= 0
    assert record.x_adv.max() <= 1


def test_more_overshoot_goes_further_and_a_larger_margin_beyond(affine):
    model, images, labels = affine
    near, far = (DeepFool(overshoot=o).run(model, images, labels) for o in (0.02, 0.5))
    assert (far.l2 > near.l2).all()
    aim = goals.Untargeted().bind(labels)
    assert (aim.margin(model(far.x_adv)) > aim.margin(model(near.x_adv))).all()


@pytest.mark.parametrize("kind", BOTH)
def test_a_model_without_slope_leaves_the_picture_alone(pictures, kind):
    images = pictures(3)
    flat = lambda x: x.new_tensor([[3.0, 1.0, 0.0]]).expand(len(x), 3) + 0 * x.sum()  # noqa: E731
    record = kind().run(flat, images, torch.zeros(3, dtype=torch.int64))
    assert record.x_adv.equal(images)
    assert not record.success.any()
    assert record.zero_gradients.tolist() == [1] * 3


@pytest.mark.parametrize("scale", [1e-3, 30, 100])
def test_the_scale_of_the_logits_does_not_matter(digits_model, digit_pictures, scale):
    images, labels = (x[:20].double() if x.is_floating_point() else x[:20] for x in digit_pictures)
    model = digits_model
    plain = DeepFool()(lambda x: model(x.float()).double(), images, labels)
    scaled = DeepFool()(lambda x: scale * model(x.float()).double(), images, labels)
    torch.testing.assert_close(plain, scaled, rtol=0, atol=1e-4)


def test_the_candidates_are_the_likeliest_classes():
    logits = torch.tensor([[5.0, 1.0, 4.0, 0.0], [0.0, 3.0, 1.0, 2.0]])
    aim = goals.Untargeted().bind(torch.tensor([0, 0]))
    assert aim.boundaries(logits, 3)[0].tolist() == [[-1.0, -4.0], [3.0, 2.0]]
    assert aim.boundaries(logits, 100)[0].shape == (2, 3)


def test_few_steps_end_with_what_there_is(digits_model, digit_pictures):
    images, _ = digit_pictures
    labels = digits_model(images).argmax(1)
    one, two = (DeepFool(steps=n).run(digits_model, images, labels) for n in (1, 5))
    assert set(one.iterations.tolist()) == {1}
    assert 0 < one.success.sum() < two.success.sum()
    torch.testing.assert_close(two.x_adv[one.success], one.x_adv[one.success])


def test_reduced_confidence_ends_at_the_threshold(digits_model, digit_pictures):
    images, _ = digit_pictures
    record = DeepFool().run(
        digits_model, images, torch.zeros(100).long(), goals.ConfidenceReduction(threshold=0.6)
    )
    before = digits_model(images).softmax(1)
    top = before.argmax(1)
    after = digits_model(record.x_adv).softmax(1).gather(1, top[:, None])[:, 0]
    assert record.success.all()
    assert (after <= 0.6).all()
    assert after.median() > 0.5


def test_shared_oracles_count_for_the_right_rows(net, pictures):
    model, images = net(), pictures(4)
    labels = model(images).argmax(1)
    oracle, rows = Oracle(model, images), torch.tensor([2, 0])
    with oracle.within(rows):
        DeepFool().perturb(oracle, images[rows], goals.Untargeted().bind(labels)[rows])
    assert oracle.tally("queries")[[1, 3]].sum() == 0
    assert (oracle.tally("queries")[rows] > 1).all()
