"""Defences by noise: votes, what is promised, and the attack on the expectation."""

import copy
import math

import pytest
import torch
from scipy.stats import norm

from robust_core import attacks, certify, defenses
from robust_core.classifier import Classifier
from robust_core.defenses.base import Defended
from robust_core.zoo import ready, specs


@pytest.fixture(scope="module")
def pixeldp():
    """The PixelDP network with fresh weights: its promises are sound whatever the weights are."""
    return ready(specs.untrained("cifar10-resnet32-pixeldp"), torch.device("cpu"))


def two_classes(shift: float) -> Classifier:
    """Logits ``(w . x - shift, 0)`` of pictures 1 x 2 x 2."""

    class Plane(torch.nn.Module):
        def forward(self, x):
            z = x.flatten(1) @ torch.tensor([1.0, -2.0, 0.5, 1.0]) - shift
            return torch.stack([z, torch.zeros_like(z)], 1)

    return Classifier(
        Plane(), name="plane", class_names=("a", "b"), input_size=(2, 2), mean=(0.0,), std=(1.0,)
    ).eval()


def test_logits_are_the_votes(digits_model, digit_pictures):
    images = digit_pictures[0][:4]
    defense = defenses.create("smoothing", n=50)
    defended = defense(digits_model)
    counts = defense.counts(defended.base, images)
    assert counts.shape == (4, 10)
    assert (counts.sum(1) == 50).all()
    logits = defended(images)
    assert torch.equal(logits.argmax(1), counts.argmax(1))
    seen = counts > 0
    assert torch.allclose(logits.exp()[seen], (counts / 50)[seen].float(), atol=1e-6)
    assert torch.isfinite(logits).all()


def test_how_sure_the_votes_are_does_not_depend_on_how_many_classes_get_none():
    defense = defenses.create("smoothing", n=100)
    for classes in (2, 10, 1000):
        counts = torch.zeros(1, classes, dtype=torch.int64)
        counts[0, 0] = 100
        assert defense.log_shares(counts).softmax(1)[0, 0] >= 0.995


def test_votes_of_a_plane_are_binomial(pictures):
    """P(a) = Phi(distance / sigma): the share of votes is within five standard errors."""
    model = two_classes(0.1)
    image = pictures(1, (1, 2, 2), torch.float32)
    w = torch.tensor([1.0, -2.0, 0.5, 1.0])
    distance = ((image.flatten() @ w - 0.1) / w.norm()).item()
    for sigma in (0.1, 0.5):
        p = norm.cdf(distance / sigma)
        defense = defenses.create("smoothing", sigma=sigma, n=4000)
        share = defense.counts(model, image)[0, 0].item() / 4000
        assert abs(share - p) < 5 * math.sqrt(p * (1 - p) / 4000)


def test_the_certificate_is_by_the_votes_of_the_answer(digits_model, digit_pictures):
    image = digit_pictures[0][:1]
    defense = defenses.create("smoothing", n=200, trained=False)
    promise = defense.certificate(digits_model, image)
    counts = defense.counts(digits_model, image)[0]
    assert promise.counts == tuple(counts.tolist())
    assert promise.sigma == 0.25
    assert promise.p_lower == certify.lower(int(counts[promise.guess]), 200, 0.001)
    assert promise.radius <= 0.25 * norm.ppf(0.001 ** (1 / 200)) + 1e-9


def test_a_certificate_is_of_one_picture(digits_model, digit_pictures):
    defense = defenses.create("smoothing", n=20)
    images, _ = digit_pictures
    alone = defense.certificate(digits_model, images[:1])
    assert defense.certificate(digits_model, images[0]) == alone
    for wrong in (images[:2], images[:0], images[0, 0], None):
        with pytest.raises(ValueError, match="image"):
            defense.certificate(digits_model, wrong)


def test_all_draws_of_a_certificate_are_reported(digits_model, digit_pictures):
    defense = defenses.create("smoothing", n=30)
    told = []
    defense.certificate(digits_model, digit_pictures[0][:1], lambda *step: told.append(step))
    assert {total for _, total in told} == {60}, "30 choose the class, 30 are the votes"
    assert sorted(told) == told
    assert {done for done, _ in told} >= {30, 60}


def test_votes_in_bfloat16_are_those_of_the_rounded_network(digits_model, digit_pictures):
    """On the same draws: all that is asked runs in bfloat16, and hardly a vote is another one."""
    images, asked = digit_pictures[0][:4], []
    hook = digits_model.register_forward_hook(lambda _, __, out: asked.append(out.dtype))
    try:
        counts = [
            defenses.create("smoothing", n=500, trained=False, bfloat16=b).counts(
                digits_model, images
            )
            for b in (False, True)
        ]
    finally:
        hook.remove()
    assert asked == [torch.float32] * (len(asked) // 2) + [torch.bfloat16] * (len(asked) // 2)
    assert (counts[1].sum(1) == 500).all()
    assert (counts[0] - counts[1]).abs().max() <= 10
    assert not torch.equal(*counts)
    assert not torch.is_autocast_enabled("cpu")


def test_pgd_inside_the_radius_never_changes_the_answer(digits_model, digits_test):
    """On 50 pictures, with a certificate that holds with probability 0.999 each."""
    images = digits_test[0][:50]
    defense = defenses.create("smoothing", n=1000, draws=8)
    defended = defense(digits_model)
    tried = 0
    for image in images.split(1):
        promise = defense.certificate(defended.base, image)
        if promise.label is None or promise.radius < 0.02:
            continue
        eps = 0.99 * promise.radius
        attack = attacks.create("pgd-l2", eps=eps, steps=4)
        adversarial = attack(defended, image, torch.tensor([promise.label]), adaptive=True)
        assert defended(adversarial).argmax(1).item() == promise.label
        tried += 1
    assert tried >= 40


def test_a_plain_attack_finds_no_gradient_in_votes(digits_model, digit_pictures):
    images, labels = (x[:3] for x in digit_pictures)
    defended = defenses.create("smoothing", n=20, draws=4)(digits_model)
    fgsm = attacks.create("fgsm", eps=0.1)
    assert (fgsm.run(defended, images, labels).zero_gradients == 1).all()
    assert (fgsm.run(defended, images, labels, adaptive=True).zero_gradients == 0).all()


def test_little_noise_is_the_network_itself(digits_model, digit_pictures):
    """The expectation over noise that does nothing has the network's gradient."""
    x = digit_pictures[0][:2].clone().requires_grad_()
    defended = defenses.create("smoothing", sigma=1e-6, n=5, draws=3, trained=False)(digits_model)
    (ours,) = torch.autograd.grad(defended.adaptive(x)[:, 1].sum(), x)
    (expected,) = torch.autograd.grad(digits_model(x).log_softmax(1)[:, 1].sum(), x)
    assert torch.allclose(ours, expected, rtol=1e-2, atol=1e-3)


def test_many_pictures_keep_gradients_exact(digits_model, digits_test, monkeypatch):
    """Chunks that are recomputed in the backward pass give the same gradient."""
    from robust_core.defenses import gradients

    x = digits_test[0][:6].clone().requires_grad_()
    defended = defenses.create("smoothing", draws=8)(digits_model)
    (whole,) = torch.autograd.grad(defended.adaptive(x)[:, 2].sum(), x)
    monkeypatch.setattr(gradients, "PICTURES", 7)
    (parts,) = torch.autograd.grad(defended.adaptive(x)[:, 2].sum(), x)
    assert torch.allclose(whole, parts, atol=1e-4)


def test_pixeldp_counts_under_its_own_noise(pixeldp, cat):
    defense = defenses.create("pixeldp", n=40, draws=3)
    defended = Defended(defense, pixeldp, pixeldp)
    images = torch.cat([cat, cat.flip(3)])
    with torch.no_grad():
        logits = defended(images)
    counts = defense.counts(pixeldp, images)
    assert (counts.sum(1) == 40).all()
    assert torch.equal(counts.argmax(1), logits.argmax(1))
    assert torch.equal(defense.counts(pixeldp, images[1:])[0], counts[1])
    x = images.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(defended.adaptive(x)[:, 0].sum(), x)
    assert (gradient.flatten(1).abs().amax(1) > 0).all()


def test_pixeldp_promises_less_than_smoothing_at_the_same_votes(pixeldp, cat):
    promise = defenses.create("pixeldp", n=60).certificate(pixeldp, cat)
    assert sum(promise.counts) == promise.n == 60
    assert promise.sigma == 0.25
    k = promise.counts.index(max(promise.counts))
    by_votes = certify.smoothing.certificate(promise.counts, promise.counts, sigma=0.25, alpha=0.05)
    assert by_votes.guess == k
    assert promise.radius <= by_votes.radius
    assert promise.radius <= 0.571 * 0.25


def test_a_pixel_of_pixeldp_is_one_before_the_normalisation(pixeldp, cat):
    """At half the deviation a change of pixels is twice as large for the noise layer."""
    promise = defenses.create("pixeldp", n=400).certificate(pixeldp, cat)
    halved = copy.deepcopy(pixeldp)
    halved.std.mul_(0.5)
    first = halved.network.first
    halved.network.first = lambda x: first(x / 2)
    again = defenses.create("pixeldp", n=400).certificate(halved, cat)
    assert promise.counts == again.counts
    assert again.radius == pytest.approx(promise.radius / 2, abs=1e-9)


def test_the_seed_decides(digits_model, digit_pictures):
    images = digit_pictures[0][:6]
    one, two = (
        defenses.create("smoothing", n=30, sigma=0.5, seed=s).counts(digits_model, images)
        for s in (0, 1)
    )
    assert not torch.equal(one, two)


def test_no_more_draws_choose_the_class_than_bound_its_share():
    assert [defenses.create("smoothing", n=n).guesses for n in (7, 100, 500)] == [7, 100, 100]
    assert defenses.create("pixeldp").guesses == 0
