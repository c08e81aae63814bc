"""Camouflage: the mask holds, style alone is style transfer, the attack's weight pulls to the target."""

import pytest
import torch

from robust_core.attacks.physical.camouflage import TERMS, Camouflage
from robust_core.attacks.physical.transformation import generator_of

MASK = torch.zeros(1, 1, 8, 8)
MASK[..., 1:7, 1:7] = 1


@pytest.fixture(scope="module")
def digits(digit_pictures):
    """Six digits, a class to reach for each, and a style: stripes."""
    images, labels = (x[:6] for x in digit_pictures)
    stripes = (torch.arange(8) % 2).float().expand(1, 1, 8, 8) * 0.6
    return images, labels, (labels + 1) % 10, stripes


def test_nothing_changes_off_the_mask(digits_model, digits):
    images, _, targets, stripes = digits
    seen = []
    made = Camouflage(steps=6, learning_rate=0.1)(
        digits_model,
        images,
        targets,
        stripes,
        targeted=True,
        mask=MASK,
        observer=lambda x, loss: seen.append((x, loss)),
    )
    off = (MASK == 0).expand_as(images)
    for x in (made.x_adv, made.last, *(x for x, _ in seen)):
        assert x[off].equal(images[off])
        assert 0 <= x.min() <= x.max() <= 1
    assert not made.last.equal(images)
    assert torch.stack([loss for _, loss in seen], 1).equal(made.trace)
    assert tuple(made.terms) == TERMS
    assert all((part >= 0).all() for part in made.terms.values())
    assert torch.stack(list(made.terms.values())).sum(0).equal(made.trace)
    assert not made.x_adv.requires_grad
    with torch.no_grad():
        said = digits_model(made.x_adv).argmax(1)
    assert made.success.equal(said == targets)


@pytest.mark.parametrize("targeted", [True, False])
def test_a_larger_weight_of_the_attack_gets_further(digits_model, digits, targeted):
    images, labels, targets, stripes = digits
    reached = []
    for weight in (0.0, 0.1, 1.0, 30.0):
        made = Camouflage(attack=weight, steps=25, learning_rate=0.05)(
            digits_model, images, targets if targeted else labels, stripes, targeted=targeted
        )
        reached.append(made.last_probability.mean().item())
    assert reached == sorted(reached, reverse=not targeted)
    assert abs(reached[3] - reached[0]) > 0.15


def test_without_an_attack_it_is_style_transfer(digits_model, digits):
    """The label does not matter, and the style comes nearer."""
    images, labels, targets, stripes = digits
    settings = Camouflage(attack=0.0, content=0.0, smooth=0.0, steps=25, learning_rate=0.05)
    one, other = (settings(digits_model, images, c, stripes) for c in (labels, targets))
    assert one.x_adv.equal(other.x_adv)
    assert one.x_adv.equal(one.last)
    assert (one.appearance < 0.5 * one.trace[:, 0]).all()
    assert one.terms["style"].equal(one.trace)


def test_of_its_successes_the_one_that_looks_best_is_kept(digits_model, digits):
    images, _, targets, stripes = digits
    seen = []
    settings = Camouflage(attack=5.0, steps=25, learning_rate=0.1)
    made = settings(
        digits_model, images, targets, stripes, targeted=True, observer=lambda x, _: seen.append(x)
    )
    assert made.success.sum() >= 4
    with torch.no_grad():
        done = torch.stack([digits_model(x).argmax(1) == targets for x in seen])
    assert done.any(0).equal(made.success)
    for i in made.success.nonzero().flatten():
        assert any(made.x_adv[i].equal(x[i]) for x, ok in zip(seen, done, strict=True) if ok[i])


def test_a_picture_alone_gets_what_it_gets_in_a_batch(net, pictures):
    model, images, labels = net(), pictures(4), torch.arange(4)
    style = torch.rand(1, 3, 9, 9, generator=generator_of(0), dtype=torch.float64)
    settings = Camouflage(steps=5, learning_rate=0.05)
    together = settings(model, images, labels, style)
    for i in range(4):
        alone = settings(model, images[i : i + 1], labels[i : i + 1], style)
        torch.testing.assert_close(alone.last[0], together.last[i], rtol=0, atol=1e-6)
        torch.testing.assert_close(alone.trace[0], together.trace[i], rtol=1e-6, atol=0)


def test_the_model_and_the_pictures_are_left_as_they_were(net, pictures):
    model, images = net(dtype=torch.float32).train(), pictures(2, dtype=torch.float32)
    before = images.clone()
    style = torch.rand(2, 3, 9, 9, generator=generator_of(0))
    Camouflage(steps=2)(model, images, torch.tensor([0, 1]), style)
    assert images.equal(before)
    assert all(m.training for m in model.modules())
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"style": torch.rand(1, 3, 8, 8)}, r"style must be of shape \[1 or 6, 1, h, w\]"),
        ({"labels": torch.full((6,), 10)}, "class indices from 0 to 9"),
        ({"mask": torch.zeros(1, 1, 8, 8)}, "the mask is empty"),
        ({"images": torch.full((6, 1, 8, 8), 2.0)}, r"images must be in \[0, 1\]"),
    ],
)
def test_what_cannot_be_meant_is_refused(digits_model, digits, changes, said):
    images, labels, _, stripes = digits
    given = {"images": images, "labels": labels, "style": stripes} | changes
    with pytest.raises(ValueError, match=said):
        Camouflage(steps=1)(digits_model, **given)
