"""FGSM, BIM and PGD: closed forms on linear models in float64, and how they relate to each other."""

import math
from dataclasses import fields
from itertools import pairwise

import pytest
import torch

from robust_core import attacks, goals
from robust_core.attacks import BIM, BIML2, FGSM, PGD, PGDL2, Noise
from robust_core.attacks.knowledge import LABELS
from robust_core.attacks.losses import log_odds

EPS = 0.05
EXACT = {"rtol": 0, "atol": 1e-12}
LINF, L2 = ["fgsm", "bim", "pgd"], ["bim-l2", "pgd-l2"]


@pytest.fixture
def many(linear, pictures):
    """A five-class model, pictures away from the box, labels."""
    return linear(5), pictures(), torch.arange(6) % 5


@pytest.mark.parametrize("loss", ["ce", "margin", "softmax-ce"])
def test_fgsm_lowers_the_margin_by_eps_times_the_l1_norm(two, loss):
    model, images, labels, gradient = two
    adversarial = FGSM(eps=EPS, loss=loss)(model, images, labels)

    def margin(x):
        logits = model(x).detach()
        return (logits.gather(1, labels[:, None]) - logits.gather(1, 1 - labels[:, None]))[:, 0]

    change = margin(adversarial) - margin(images)
    torch.testing.assert_close(change, -EPS * gradient.abs().sum((1, 2, 3)), rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", LINF)
def test_linf_attacks_reach_the_corner_of_the_cube(two, name):
    """Far enough (2.5 eps in all), so also from the opposite corner."""
    model, images, labels, gradient = two
    adversarial = attacks.create(name, eps=EPS)(model, images, labels)
    torch.testing.assert_close(adversarial, images + EPS * gradient.sign(), **EXACT)


def test_the_corner_is_cut_by_the_box(two):
    model, images, labels, gradient = two
    images = (images > 0.5).double()  # black and white
    for name in LINF:
        adversarial = attacks.create(name, eps=0.3)(model, images, labels)
        wanted = (images + 0.3 * gradient.sign()).clamp(0, 1)
        torch.testing.assert_close(adversarial, wanted, **EXACT)
        assert (adversarial - images).abs().max().item() == pytest.approx(0.3)


def test_gain_grows_with_the_dimension_and_that_of_random_signs_with_its_root(linear):
    """Goodfellow et al., section 3: eps * ||w||_1 against about eps * ||w||_2."""
    for size in (100, 10_000):
        model = linear(2, (1, size), seed=size)
        images, labels = torch.full((1, 1, size), 0.5).double(), torch.tensor([0])
        w = (model.weight[1] - model.weight[0]).detach()
        best = w @ (FGSM(eps=0.01)(model, images, labels) - images).flatten()
        assert best == pytest.approx(0.01 * w.abs().sum().item(), rel=1e-9)
        for seed in range(20):
            noise = Noise(eps=0.01, seed=seed)(model, images, labels) - images
            assert abs(w @ noise.flatten()) / best <= 5 / math.sqrt(size)


@pytest.mark.parametrize("start", [False, True])
def test_l2_attacks_end_where_the_gradient_meets_the_sphere(two, start):
    model, images, labels, gradient = two
    unit = gradient / gradient.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
    for steps in range(1, 5):
        one = BIML2(eps=0.1, steps=steps, step_size=0.03)(model, images, labels) - images
        torch.testing.assert_close(one, min(0.1, 0.03 * steps) * unit, **EXACT)
    if start:  # each step halves what is left of the start
        attack = PGDL2(eps=0.1, steps=60, step_size=0.1)
        moved = attack(model, images, labels) - images
        torch.testing.assert_close(moved, 0.1 * unit, rtol=0, atol=1e-9)


@pytest.mark.parametrize("scale", [10.0, 1e-9, 1e-30])
def test_l2_ignores_the_scale_of_the_loss(linear, pictures, scale):
    """A floor under the squared norm would shorten the steps of gradients below 1e-6."""
    dtype = torch.float32
    model, images, labels = linear(2, dtype=dtype), pictures(dtype=dtype), torch.arange(6) % 2
    attack = BIML2(eps=0.3, steps=4, step_size=0.05, loss="margin")
    scaled = attack(lambda x: scale * model(x), images, labels)
    torch.testing.assert_close(scaled, attack(model, images, labels), rtol=0, atol=1e-6)
    length = (scaled - images).flatten(1).norm(dim=1)
    torch.testing.assert_close(length, torch.full((6,), 0.2), rtol=1e-5, atol=0)


@pytest.mark.parametrize("name", [*LINF, *L2])
def test_the_batch_does_not_weaken_a_small_gradient(linear, pictures, name):
    """The sum over the batch, not the mean: 1e-44 divided by 64 is 0 in float32."""
    model, images = linear(2, dtype=torch.float32), pictures(64, dtype=torch.float32)
    attack = attacks.create(name, eps=EPS, loss="margin")

    def faint(x):
        return 1e-44 * model(x)

    labels = torch.arange(64) % 2
    together = attack(faint, images, labels)
    alone = attack(faint, images[:1], labels[:1])
    torch.testing.assert_close(together[:1], alone, rtol=0, atol=1e-6)
    delta = (together - images).flatten(1)
    size = delta.norm(dim=1) if attack.norm == "l2" else delta.abs().amax(1)
    torch.testing.assert_close(size, torch.full((64,), EPS), rtol=1e-4, atol=0)


def test_every_value_moves_by_eps_or_not_at_all(many):
    model, images, labels = many
    with torch.no_grad():
        model.weight[:, ::3] = 0  # sign(0) = 0
    moved = (FGSM(eps=EPS)(model, images, labels) - images).flatten(1).abs()
    assert (moved[:, ::3] == 0).all()
    assert sorted({round(v, 12) for v in moved.flatten().tolist()}) == [0, EPS]


def test_eps_scales_the_perturbation(many):
    model, images, labels = many
    small, large = (FGSM(eps=e)(model, images, labels) - images for e in (EPS, 2 * EPS))
    torch.testing.assert_close(large, 2 * small, **EXACT)
    small, large = (BIML2(eps=e)(linear_of(model), images, labels) - images for e in (0.1, 0.2))
    torch.testing.assert_close(large, 2 * small, rtol=0, atol=1e-9)


def linear_of(model):
    """The logits of two classes only: the direction of the gradient is the same everywhere."""
    return lambda x: model(x)[:, :2].repeat(1, 3) - torch.tensor([0, 0, 50, 50, 50, 50.0])


def test_towards_a_target_is_the_mirror_image_of_away_from_it(many):
    model, images, targets = many
    for name in ("fgsm", "bim-l2"):
        attack = attacks.create(name, eps=EPS, **({"steps": 1} if name != "fgsm" else {}))
        away = attack(model, images, targets) - images
        towards = attack(model, images, targets, targeted=True) - images
        torch.testing.assert_close(towards, -away, **EXACT)


def test_fgsm_is_one_full_step_of_bim_bit_for_bit(net, pictures):
    images, labels = pictures(low=0, high=1), torch.arange(6) % 5
    for dtype in (torch.float64, torch.float32, torch.bfloat16):
        model = net(dtype=torch.float64 if dtype == torch.float64 else torch.float32)
        one = BIM(eps=EPS, steps=1, step_size=EPS)(model, images.to(dtype), labels)
        assert FGSM(eps=EPS)(model, images.to(dtype), labels).equal(one)


@pytest.mark.parametrize(("bim", "pgd"), [(BIM, PGD), (BIML2, PGDL2)])
@pytest.mark.parametrize("targeted", [False, True])
def test_pgd_without_random_start_is_bim_bit_for_bit(net, pictures, bim, pgd, targeted):
    model, images, labels = net(), pictures(low=0, high=1), torch.arange(6) % 5
    plain = bim(eps=0.2, steps=5)(model, images, labels, targeted)
    still = pgd(eps=0.2, steps=5, random_start=False)(model, images, labels, targeted)
    assert still.equal(plain)
    assert not pgd(eps=0.2, steps=5)(model, images, labels, targeted).equal(plain)


def test_short_total_travel_stays_short(two):
    model, images, labels, _ = two
    moved = BIM(eps=EPS, steps=3, step_size=0.01)(model, images, labels) - images
    torch.testing.assert_close(moved.abs(), torch.full_like(moved, 0.03), **EXACT)


@pytest.mark.parametrize("name", ["bim", "pgd", *L2])
def test_the_ball_is_around_the_original_not_around_the_last_iterate(two, name):
    model, images, labels, _ = two
    attack = attacks.create(name, eps=EPS, steps=50, step_size=EPS)
    delta = (attack(model, images, labels) - images).flatten(1)
    size = delta.norm(dim=1) if attack.norm == "l2" else delta.abs().amax(1)
    torch.testing.assert_close(size, torch.full_like(size, EPS))


def test_the_gradient_is_taken_at_the_current_iterate():
    """A hill at 0.6: from 0.5 in steps of 0.08 the ascent passes it and turns round."""

    def hill(x):
        height = -((x.flatten(1)[:, 0] - 0.6) ** 2)
        return torch.stack([torch.zeros_like(height), height], 1)

    images, labels, path = torch.full((1, 1), 0.5).double(), torch.tensor([0]), []
    BIM(eps=0.4, steps=4, step_size=0.08)(
        hill, images, labels, observer=lambda x, loss: path.append(x.item())
    )
    assert path == pytest.approx([0.5, 0.58, 0.66, 0.58, 0.66])


def test_a_small_step_raises_the_loss(digits_model, digit_pictures):
    images, labels = digit_pictures
    before = log_odds(digits_model(images), labels)
    for name in [*LINF, *L2]:
        adversarial = attacks.create(name, eps=1e-3)(digits_model, images, labels)
        assert (log_odds(digits_model(adversarial), labels) > before).double().mean() >= 0.99


@pytest.mark.parametrize("name", [*LINF, *L2])
def test_passes_are_counted_exactly(net, pictures, name):
    calls = []

    class Counting(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = net()

        def forward(self, x):
            calls.append((len(x), x.requires_grad))
            return self.inner(x)

    model, images, labels = Counting(), pictures(), torch.arange(6) % 5
    steps = 1 if name == "fgsm" else 7
    attack = attacks.create(name, **({} if name == "fgsm" else {"steps": steps}))
    attack(model, images, labels)
    assert calls == [(6, True)] * steps
    record = attack.run(model, images, labels)
    assert calls[steps:] == [(6, True)] * steps + [(6, False)]  # the last tests the success
    for counter in (record.iterations, record.queries_forward, record.queries_backward):
        assert counter.tolist() == [steps] * 6
    assert record.zero_gradients.tolist() == [0] * 6
    assert record.trace.shape == (6, steps)


def test_the_trace_is_cross_entropy_with_the_sign_of_the_goal(net, pictures):
    model, images, labels = net(), pictures(), torch.arange(6) % 5
    entropy = torch.nn.functional.cross_entropy(model(images), labels, reduction="none").detach()
    for goal, sign in ((goals.Untargeted(), 1), (goals.Targeted(), -1)):
        seen = []
        record = BIM(steps=4).run(
            model, images, labels, goal, observer=lambda x, loss, seen=seen: seen.append((x, loss))
        )
        torch.testing.assert_close(record.trace[:, 0], sign * entropy)
        torch.testing.assert_close(record.trace, torch.stack([loss for _, loss in seen[:4]], 1))
        assert seen[0][0].equal(images)
        assert seen[4][0].equal(record.x_adv)
        assert (seen[4][1] > record.trace[:, 0]).all()


@pytest.mark.parametrize(("name", "eps"), [("pgd", 0.11), ("pgd-l2", 0.7)])
def test_restarts_are_nested_and_finished_pictures_leave(digits_model, digit_pictures, name, eps):
    images, labels = digit_pictures
    runs = {
        r: attacks.create(name, eps=eps, steps=5, restarts=r).run(digits_model, images, labels)
        for r in (1, 2, 4)
    }
    for fewer, more in pairwise(runs.values()):
        assert (more.success | ~fewer.success).all()
    assert runs[1].success.sum() < runs[4].success.sum() < len(labels)
    last = runs[4]
    assert (last.queries_backward[~last.success] == 4 * 5).all()
    assert (last.queries_forward[~last.success] == 4 * (5 + 1)).all()
    first = runs[1].success
    assert (last.queries_backward[first] == 5).all()  # left after the first start
    assert last.x_adv[first].equal(runs[1].x_adv[first])
    assert last.trace.shape == (len(labels), 20)
    assert last.trace[first][:, 5:].isnan().all()
    assert not last.trace[~last.success].isnan().any()


def test_of_several_failed_restarts_the_one_of_highest_loss_is_kept(digits_model, digit_pictures):
    images, labels = (x[:20] for x in digit_pictures)
    attack = PGD(eps=0.05, steps=2, restarts=4)
    result = attack.run(digits_model, images, labels)
    last = []  # the end of each restart, of pictures that all fail
    rows = ~result.success
    attack(digits_model, images[rows], labels[rows], observer=lambda x, v: last.append((x, v)))
    ends = torch.stack([value for _, value in last[2::3]])
    assert ends.shape == (4, rows.sum())
    assert (ends[0] < ends.amax(0)).any()
    kept = log_odds(digits_model(result.x_adv[rows]), labels[rows])
    torch.testing.assert_close(
        torch.nn.functional.softplus(kept), ends.amax(0), rtol=1e-3, atol=1e-6
    )


@pytest.mark.parametrize("name", ["fgsm", "bim", "pgd", "bim-l2", "pgd-l2"])
def test_a_larger_ball_is_not_safer(digits_model, digits_test, name):
    """Single runs may differ by a picture; a factor of two in eps decides more."""
    images, labels = (x[:60] for x in digits_test)
    factor = 8 if attacks.get(name).norm == "l2" else 1
    steps = {} if name == "fgsm" else {"steps": 8}
    rates = [
        attacks.create(name, eps=factor * e, **steps)
        .run(digits_model, images, labels)
        .success.double()
        .mean()
        for e in (0.0, 0.05, 0.1, 0.2)
    ]
    assert all(later >= earlier - 0.02 for earlier, later in pairwise(rates))
    assert rates[0] < 0.05
    assert rates[-1] > 0.5


def test_iterating_beats_one_step(digits_model, digit_pictures):
    images, labels = digit_pictures
    rate = {
        name: attacks.create(name, eps=0.12).run(digits_model, images, labels).success.sum()
        for name in LINF
    }
    assert rate["fgsm"] < rate["bim"]
    assert rate["fgsm"] < rate["pgd"]


@pytest.mark.parametrize("loss", ["ce", "margin", "dlr"])
def test_targets_are_reached_and_imply_untargeted_success(digits_model, digit_pictures, loss):
    images, labels = digit_pictures
    targets = (labels + 1) % 10
    attack = PGD(eps=0.35, steps=10, loss=loss)
    record = attack.run(digits_model, images, targets, goals.Targeted())
    reached = digits_model(record.x_adv).argmax(1)
    assert record.success.equal(reached == targets)
    assert record.success.double().mean() > 0.9
    assert not record.zero_gradients.any()
    assert (reached[record.success] != labels[record.success]).all()
    away = attack.run(digits_model, images, labels)
    own = digits_model(away.x_adv).softmax(1).gather(1, labels[:, None])[:, 0]
    assert (own[away.success] <= 0.5).all()  # an untargeted success leaves at most half
    assert away.success.sum() >= record.success.sum()


def test_least_likely_aims_at_the_smallest_clean_logit(digits_model, digit_pictures):
    images, labels = digit_pictures
    least = digits_model(images).argmin(1)
    record = BIM(eps=0.3).run(digits_model, images, labels, goals.LeastLikely())
    assert record.x_adv.equal(BIM(eps=0.3)(digits_model, images, least, targeted=True))
    assert record.success.equal(digits_model(record.x_adv).argmax(1) == least)
    assert set(record.queries_forward.tolist()) == {11}  # one finds the class


def test_a_sure_cat_is_lost_to_every_attack_but_noise(resnet, cat):
    """A real photograph and the bundled ResNet-32: 8/255 in Linf, 0.5 in L2."""
    label = resnet(cat).argmax(1)
    assert resnet.class_names[label] == "cat"
    assert resnet(cat).softmax(1).max() > 0.9
    few = {"steps": 20, "rounds": 5, "draws": 4, "samples": 20, "epochs": 2}
    own = {"fmn-l0": {"steps": 100}, "square-l2": {"max_queries": 1200, "seed": 4}}
    for name in attacks.local_names():
        if name == "substitute":  # which one picture teaches little
            continue
        kind = attacks.get(name)
        asked = {"max_queries": 100} if kind.knowledge == LABELS else {}
        defaults = {spec.name: spec.default for spec in fields(kind)}
        asked |= {k: v for k, v in few.items() if k in defaults and v < defaults[k]}
        record = attacks.create(name, **asked | own.get(name, {})).run(resnet, cat, label)
        assert record.success.item() == (name != "noise"), name


@pytest.mark.parametrize("name", attacks.local_names())
def test_random_pictures_on_the_resnet(resnet, make, name):
    images = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    labels = resnet(images).argmax(1)
    for eps in (0.0, 8 / 255):
        more = (
            {"steps": 20} if name in ("fmn-l0", "fmn-l1", "jsma") else {}
        )  # else they find nothing
        attack = make(name, eps=eps, **more)
        record = attack.run(resnet, images, labels)
        assert record.x_adv.min() >= 0
        assert record.x_adv.max() <= 1
        if not hasattr(attack, "eps"):
            continue
        size = record.l2 if attack.norm == "l2" else record.linf
        assert (size <= eps * (1 + 1e-5) + (0 if attack.norm == "l2" else 1e-6)).all()
    assert (record.l2 > 0).all()
