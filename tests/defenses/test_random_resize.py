"""Random resizing: chance that depends on the picture, and an expectation over it."""

import torch

from robust_core import attacks, defenses


def create(**values):
    return defenses.create("random-resize-pad", **values)


def test_scale_one_is_the_picture_itself(cat):
    assert torch.equal(create(smallest=1.0).seen(cat), cat)


def test_the_picture_gets_smaller_with_black_around_it():
    white = torch.ones(50, 3, 32, 32) - 1e-3 * torch.arange(50).view(-1, 1, 1, 1)
    seen = create(smallest=0.75).seen(white)
    covered = (seen.mean(1) > 0.5).float()
    rows, columns = covered.amax(2).sum(1), covered.amax(1).sum(1)
    assert (rows >= 23).all()
    assert (rows <= 32).all()
    assert ((rows - columns).abs() <= 1).all()  # where half pixels are cut
    assert len(rows.unique()) > 4  # sizes by chance
    area = covered.sum((1, 2))
    corners = rows * columns - area  # each less than half inside
    assert (corners >= 0).all()
    assert (corners <= 4).all()  # one rectangle, wholly inside the frame
    tops = covered.amax(2).argmax(1)
    assert len(tops.unique()) > 3  # places by chance


def test_what_is_seen_depends_on_picture_and_seed_alone(cat):
    pair = torch.cat([cat, (cat + 0.01).clamp(max=1)])
    defense = create()
    assert torch.equal(defense.seen(pair)[:1], defense.seen(cat))
    assert not torch.equal(create(seed=1).seen(cat), defense.seen(cat))


def test_averaging_over_one_scale_has_the_gradient_of_the_network(resnet, cat):
    """Without chance EOT is the network itself."""
    defended = create(smallest=1.0, draws=3)(resnet)
    x = cat.clone().requires_grad_()
    (ours,) = torch.autograd.grad(defended.adaptive(x).log_softmax(1)[0, 3], x)
    (expected,) = torch.autograd.grad(resnet(x).log_softmax(1)[0, 3], x)
    assert torch.allclose(ours, expected, atol=1e-5)


def test_the_expectation_is_that_of_probabilities(digits_model, digit_pictures):
    """``log E softmax``: its exponentials are probabilities, between the extremes of single draws."""
    images = digit_pictures[0][:5]
    defended = create(draws=20)(digits_model)
    with torch.no_grad():
        p = defended.adaptive(images).exp()
    assert torch.allclose(p.sum(1), torch.ones(5), atol=1e-5)


def test_eot_breaks_what_one_draw_hides(digits_model, digits_test):
    images, labels = (x[:100] for x in digits_test)
    defended = create(smallest=0.7)(digits_model)
    attack = attacks.create("pgd", eps=0.15, steps=10)

    def right(adversarial):
        with torch.no_grad():
            return (defended(adversarial).argmax(1) == labels).float().mean().item()

    unaware = right(attack(digits_model, images, labels))
    adaptive = right(attack(defended, images, labels, adaptive=True))
    assert adaptive < unaware - 0.05
