"""EOT: the identity gives PGD; what is averaged is the loss; views pay off where views are judged."""

import pytest
import torch

from robust_core import attacks, goals
from robust_core.attacks.oracle import Oracle
from robust_core.attacks.physical.eot import EOTOver, expected_ascent
from robust_core.attacks.physical.photo import adversariality
from robust_core.attacks.physical.transformation import IDENTITY, Transformation, generator_of

LABELS = torch.tensor([0, 1, 2, 3])
WANTED = [goals.Untargeted(), goals.Targeted(), goals.LeastLikely(), goals.SourceTarget(1, 3)]


@pytest.mark.parametrize("goal", WANTED, ids=lambda goal: goal.name)
@pytest.mark.parametrize("loss", ["ce", "margin", "dlr", "softmax-ce"])
def test_without_a_transformation_it_is_pgd_bit_for_bit(net, pictures, goal, loss):
    model, images = net(dtype=torch.float32), pictures(4, dtype=torch.float32, low=0, high=1)
    settings = {"eps": 0.1, "steps": 5, "loss": loss, "seed": 3}
    mask = torch.zeros(1, 1, 5, 7)
    mask[..., 2:] = 1
    for free in (None, mask):
        pgd = attacks.create("pgd", **settings).run(model, images, LABELS, goal, mask=free)
        for attack in (
            attacks.create("eot", transformation="identity", draws=9, **settings),
            attacks.create("eot", transformation="photo", strength=0.0, **settings),
            EOTOver(over=IDENTITY, **settings),
        ):
            eot = attack.run(model, images, LABELS, goal, mask=free)
            assert eot.x_adv.equal(pgd.x_adv)
            assert eot.trace.nan_to_num().equal(pgd.trace.nan_to_num())
            for count in ("queries_forward", "queries_backward", "iterations", "zero_gradients"):
                assert getattr(eot, count).equal(getattr(pgd, count))


def test_every_view_is_a_pass(net, pictures):
    images = pictures(4)
    record = attacks.create("eot", eps=0.1, steps=3, draws=7).run(net(), images, LABELS)
    assert record.queries_forward.tolist() == record.queries_backward.tolist() == [21] * 4
    assert record.iterations.tolist() == [3] * 4
    chosen = attacks.create("eot", eps=0.1, steps=3, draws=7).run(
        net(), images, LABELS, goals.SourceTarget(2, 0)
    )
    assert chosen.queries_forward.tolist() == [0, 0, 21, 0]


def mean_gradient(model, images, labels, draw, sign):
    """Of the mean cross-entropy, by autograd, all views at once."""
    x = images.clone().requires_grad_()
    loss = sum(
        torch.nn.functional.cross_entropy(model(view), labels, reduction="sum")
        for view in draw.every(x)
    )
    return sign * torch.autograd.grad(loss, x)[0]


@pytest.mark.parametrize("towards", [False, True])
def test_the_direction_is_that_of_the_mean_cross_entropy_not_of_mean_logits(
    net, pictures, towards, monkeypatch
):
    network, images = net(), pictures(4, low=0, high=1)

    def model(x):  # logits of some spread: views weigh differently
        return 20 * network(x)

    views = Transformation(rotation=40.0, brightness=0.3, noise_high=0.2)
    draw = views.draw(5, generator_of(1))
    goal = goals.Targeted() if towards else goals.Untargeted()
    wanted = mean_gradient(model, images, LABELS, draw, -1 if towards else 1)
    x = images.clone().requires_grad_()
    logits = torch.stack([model(view) for view in draw.every(x)]).mean(0)
    other = torch.autograd.grad(
        torch.nn.functional.cross_entropy(logits, LABELS, reduction="sum"), x
    )[0]
    for values in (2**20, 1):  # all views in one pass, and one after the other
        monkeypatch.setattr("robust_core.attacks.physical.eot.VALUES", values)
        oracle = Oracle(model, images)
        found = expected_ascent(oracle, images, goal.bind(LABELS), draw, "ce")
        aligned = torch.cosine_similarity(found.flatten(1), wanted.flatten(1))
        torch.testing.assert_close(aligned, torch.ones_like(aligned))
        assert oracle.tally("queries").tolist() == [5] * 4
    apart = torch.cosine_similarity(other.flatten(1), wanted.flatten(1)).abs()
    assert (apart < 0.999).any()


def test_views_are_new_in_every_step_and_the_same_for_every_picture(pictures):
    seen = []

    def model(x):
        seen.append(x.detach().clone())
        return torch.stack([x.flatten(1).sum(1), -x.flatten(1).sum(1)], 1)

    images = pictures(1).expand(3, 3, 5, 7).clone()
    noisy = Transformation(noise_low=0.1, noise_high=0.1)
    attack = EOTOver(over=noisy, eps=0.0, steps=2, draws=2, random_start=False)
    attack(model, images, torch.tensor([0, 1, 0]))
    views = torch.cat([x.unflatten(0, (2, 3)) for x in seen])
    assert len(views) == 4
    assert views[:, 0].equal(views[:, 1])
    assert all(not views[i].equal(views[j]) for i in range(4) for j in range(i))


def test_confident_views_keep_a_direction(linear, pictures):
    """Cross-entropy itself has no slope there: its probabilities are 1 in float32."""
    model, images = linear(dtype=torch.float32), pictures(4, dtype=torch.float32)
    labels = model(images).argmax(1)
    views = Transformation(brightness=0.1)
    sure = EOTOver(over=views, eps=0.05, steps=2, draws=4, random_start=False)
    found = sure.run(lambda x: 1e4 * model(x), images, labels)
    signs = (model.weight[1 - labels] - model.weight[labels]).sign().view_as(images)
    torch.testing.assert_close(found.x_adv, images + 0.05 * signs)
    assert found.zero_gradients.tolist() == [0] * 4


@pytest.mark.parametrize("targeted", [False, True])
def test_views_that_it_was_made_for_are_fooled_more_often_than_by_pgd(
    digits_model, digit_pictures, targeted
):
    images, labels = (x[:12] for x in digit_pictures)
    classes = (labels + 1) % 10 if targeted else labels
    turned = Transformation(rotation=45.0)
    settings = {"eps": 0.2, "steps": 12}
    shares = []
    for attack in (attacks.create("pgd", **settings), EOTOver(over=turned, draws=8, **settings)):
        made = attack(digits_model, images, classes, targeted)
        shares.append(
            adversariality(digits_model, made, classes, turned, targeted=targeted, draws=50)
        )
    plain, expected = shares
    assert expected.mean() > plain.mean() + 0.05


def test_what_it_averages_over_must_be_one():
    with pytest.raises(ValueError, match="over must be an object with a method draw"):
        EOTOver(over=3)
    with pytest.raises(ValueError, match="transformation must be one of views, photo"):
        attacks.create("eot", transformation="fog")
