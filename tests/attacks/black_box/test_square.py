"""Square: what it changes, what it asks, and that it needs no gradient."""

from itertools import pairwise

import pytest
import torch

from robust_core import goals
from robust_core.attacks import APGD, FGSM, Square
from robust_core.attacks.black_box.square import side

EPS = 0.1


def watch(attack, model, images, labels, goal=None):
    """The record, and the pictures kept after each query (of a batch that stays together)."""
    seen = []
    record = attack.run(model, images, labels, goal, observer=lambda x, loss: seen.append(x))
    return record, seen


def test_squares_shrink_by_the_schedule_of_the_paper():
    area = [side(0.8, i, 10_000, 300, 300) ** 2 / 300**2 for i in range(10_000)]
    for mark, share in zip((0, 10), (0.8, 0.8), strict=True):
        assert area[mark] == pytest.approx(share, rel=0.02)
    for halvings, place in enumerate((11, 51, 201, 501, 1001, 2001, 4001, 6001, 8001), start=1):
        assert area[place] == pytest.approx(0.8 / 2**halvings, rel=0.1)
        assert area[place - 1] > 1.5 * area[place]
    assert area == sorted(area, reverse=True)


def test_the_schedule_is_rescaled_and_the_square_fits():
    for i in range(100):
        assert side(0.3, i, 100, 32, 32) == side(0.3, 100 * i, 10_000, 32, 32)
    for height, width in ((1, 1), (3, 50), (50, 3), (32, 32)):
        for i in range(20):
            assert 1 <= side(1.0, i, 20, height, width) <= min(height, width)


def test_it_starts_with_vertical_stripes(net, pictures):
    images = pictures(6, (3, 8, 8))
    attack = Square(eps=EPS, max_queries=1)
    delta = attack(net(), images, torch.arange(6) % 5) - images
    torch.testing.assert_close(delta, delta[:, :, :1].expand_as(delta), rtol=0, atol=1e-12)
    signs = delta[:, :, 0].sign()
    assert (signs.abs() == 1).all()
    assert 0.3 < (signs > 0).double().mean() < 0.7
    assert not signs[0].equal(signs[1])  # each picture its own


def test_every_value_is_moved_by_eps_except_at_the_box(digits_model, digit_pictures):
    images, labels = digit_pictures
    moved = Square(eps=EPS, max_queries=50)(digits_model, images, labels)
    whole = (moved - images).abs().sub(EPS).abs() < 1e-6
    assert (whole | (moved == 0) | (moved == 1)).all()
    assert whole.any()


def test_a_change_is_one_square_of_one_sign_a_channel(linear, pictures):
    model, images = linear(3, (3, 9, 7)), pictures(1, (3, 9, 7))
    label = model(images).argmax(1)
    attack = Square(eps=1e-3, max_queries=200, p_init=0.4)
    record, seen = watch(attack, model, images, label)
    assert not record.success.any()
    changes = 0
    for query, (before, after) in enumerate(pairwise(seen)):
        place = (before != after)[0].any(0).nonzero()
        if not len(place):
            continue
        changes += 1
        extent = place.amax(0) - place.amin(0) + 1
        assert extent.max() <= side(0.4, query, 199, 9, 7)
        (top, left), (bottom, right) = place.amin(0), place.amax(0) + 1
        for channel in (after - images)[0, :, top:bottom, left:right]:
            assert channel.max() - channel.min() < 1e-12
    assert changes > 10


@pytest.mark.parametrize("targeted", [False, True])
def test_the_margin_never_falls_and_passes_are_counted(digits_model, digit_pictures, targeted):
    images, labels = digit_pictures
    goal = goals.Targeted() if targeted else goals.Untargeted()
    wanted = (labels + 1) % 10 if targeted else labels
    record = Square(eps=0.15, max_queries=60).run(digits_model, images, wanted, goal)
    for row, queries, success in zip(
        record.trace, record.queries_forward.tolist(), record.success.tolist(), strict=True
    ):
        assert (row[:queries].diff() >= 0).all()
        assert row[queries:].isnan().all()
        assert (row[queries - 1] > 0).item() == success
        assert success or queries == 60
    assert 0 < record.success.sum() < len(labels)
    assert record.queries_forward.min() < 60
    assert record.queries_backward.sum() == 0
    assert record.iterations.equal(record.queries_forward)


def test_more_queries_come_nearer_to_the_best_corner(linear, pictures):
    """On a linear model nothing beats FGSM, and random search gets most of the way there."""
    model, images, labels = linear(2), pictures(), torch.arange(6) % 2
    labels = model(images).argmax(1)
    eps = 1e-3

    def gain(attack):
        change = model(attack(model, images, labels)) - model(images)
        return (change.gather(1, 1 - labels[:, None]) - change.gather(1, labels[:, None])).detach()

    best = gain(FGSM(eps=eps))
    shares = [(gain(Square(eps=eps, max_queries=n)) / best).mean() for n in (1, 30, 300, 3000)]
    assert all(later > earlier + 0.05 for earlier, later in pairwise(shares))
    assert 0.9 < shares[-1] <= 1


def test_what_has_no_gradient_falls_all_the_same(digits_model, digit_pictures):
    """The same logits, detached: white-box attacks see nothing, Square no difference."""
    images, labels = digit_pictures

    def masked(x):
        assert not x.requires_grad or torch.is_grad_enabled()
        return digits_model(x.detach()).detach()

    attack = Square(eps=EPS, max_queries=100)
    plain, hidden = (attack.run(m, images, labels) for m in (digits_model, masked))
    assert hidden.x_adv.equal(plain.x_adv)
    assert hidden.success.sum() > 15
    blind = APGD(eps=EPS, steps=5).run(masked, images, labels)
    assert blind.success.sum() < hidden.success.sum() / 2
    assert (blind.zero_gradients == 5).all()


def test_the_model_is_asked_without_autograd(net, pictures):
    def model(x):
        assert not torch.is_grad_enabled()
        assert not x.requires_grad
        return net()(x)

    Square(max_queries=5)(model, pictures(), torch.arange(6) % 5)


def test_the_scale_of_the_logits_does_not_matter(digits_model, digit_pictures):
    images, labels = (x[:30] for x in digit_pictures)
    attack = Square(eps=EPS, max_queries=50)
    plain = attack(digits_model, images, labels)
    assert attack(lambda x: 128 * digits_model(x), images, labels).equal(plain)


def test_less_confidence_and_one_class_only(digits_model, digit_pictures):
    images, labels = digit_pictures
    record = Square(eps=0.15, max_queries=40).run(
        digits_model, images, labels, goals.ConfidenceReduction(threshold=0.9)
    )
    assert record.success.any()
    own = digits_model(record.x_adv).softmax(1).gather(1, digits_model(images).argmax(1)[:, None])
    assert (own[record.success] <= 0.9 + 1e-5).all()
    record = Square(eps=0.15, max_queries=5).run(
        digits_model, images, labels, goals.SourceTarget(source=3, target=8)
    )
    assert record.x_adv[labels != 3].equal(images[labels != 3])
    assert (record.l2[labels == 3] > 0).all()


def test_random_numbers_do_not_repeat_from_chunk_to_chunk(linear, pictures, monkeypatch):
    model, images = linear(2, (1, 16, 16)), pictures(1, (1, 16, 16))
    label = model(images).argmax(1)
    monkeypatch.setattr("robust_core.attacks.black_box.square.CHUNK", 20)
    attack = Square(eps=1e-4, max_queries=61, p_init=0.02)
    _, seen = watch(attack, model, images, label)
    moves = [(a != b).nonzero().tolist() for a, b in pairwise(seen)]
    assert len({str(m) for m in moves if m}) > 0.9 * sum(1 for m in moves if m) > 5
