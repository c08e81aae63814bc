"""Auto-PGD and the multi-targeted attacks: the algorithm, closed forms, and what they find."""

from itertools import pairwise

import pytest
import torch

from robust_core import attacks, goals
from robust_core.attacks import APGD, APGDL2, APGDT, PGD, PGDT
from robust_core.attacks.apgd import Path, checkpoints
from robust_core.attacks.balls import L2Ball, LinfBall
from robust_core.attacks.losses import margin

EPS = 0.05
EXACT = {"rtol": 0, "atol": 1e-12}


@pytest.fixture
def trap():
    """A model and pictures whose first pixel decides, at u = -1 ... 1 in the ball of radius 0.1.

    Class 1 is ahead of class 2 in most of the ball, but wins nowhere; class 2 wins at u = -1.
    """

    def model(x):
        u = (x[:, 0, 0, 0] - 0.5) / 0.1
        return torch.stack([0 * u, 0.4 * u - 0.5, -1.5 * u - 1.2, 0 * u - 9, 0 * u - 10], 1)

    images = torch.full((16, 1, 1, 2), 0.5, dtype=torch.float64)
    images[:, 0, 0, 1] = torch.linspace(0.2, 0.8, 16)  # each its own random start
    return model, images, torch.zeros(16, dtype=torch.long)


def test_checkpoints_are_those_of_the_paper():
    assert checkpoints(100) == [22, 41, 57, 70, 80, 87, 93, 99]
    for steps in (1, 2, 3, 10, 37, 1000):
        marks = checkpoints(steps)
        assert marks == sorted(set(marks))
        assert 1 <= marks[0] <= marks[-1] <= steps
    assert all(later <= earlier for earlier, later in pairwise(gaps(checkpoints(10_000))))
    assert min(gaps(checkpoints(10_000))) == 600


def gaps(marks):
    return [later - earlier for earlier, later in pairwise([0, *marks])]


def transcribed(model, clean, label, x, ball, steps, direction):
    """Algorithm 1 for one picture, line by line; returns every iterate evaluated."""

    def f(x):
        return margin(model(x), label).item()

    def ascent(x, eta):
        leaf = x.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(margin(model(leaf), label).sum(), leaf)
        return ball.project(x + eta * direction(gradient))

    xs, etas, seen = [x], [2 * ball.eps], [x]
    xs.append(ascent(x, etas[0]))
    seen.append(xs[1])
    fs, f_max = [f(xs[0]), f(xs[1])], [f(xs[0]), max(f(xs[0]), f(xs[1]))]
    x_max = xs[0] if f(xs[0]) >= f(xs[1]) else xs[1]
    etas.append(etas[0])
    w = [0, *checkpoints(steps)]
    for k in range(1, steps + 1):
        if k > 1:
            z = ascent(xs[k - 1], etas[k - 1])
            new = ball.project(xs[k - 1] + 0.75 * (z - xs[k - 1]) + 0.25 * (xs[k - 1] - xs[k - 2]))
            seen.append(new)
            xs.append(new)
            fs.append(f(new))
            etas.append(etas[k - 1])
            f_max.append(max(f_max[-1], fs[-1]))
            if fs[-1] > f(x_max):
                x_max = new
        if k in w:
            last = w[w.index(k) - 1]
            rises = sum(fs[i + 1] > fs[i] for i in range(last, k))
            few = rises < 0.75 * (k - last)
            still = f_max[k] == f_max[last] and (last == 0 or etas[last] == etas[last - 1])
            if few or still:
                etas[k], xs[k], fs[k] = etas[k] / 2, x_max, f(x_max)
    return seen


@pytest.mark.parametrize("kind", [APGD, APGDL2])
def test_it_is_algorithm_1_line_by_line(net, pictures, kind):
    model, images = net(), pictures(3, low=0, high=1)
    labels = torch.arange(3)
    eps, steps = (0.2, 40) if kind is APGD else (1.5, 40)

    def unit(gradient):
        return gradient.sign() if kind is APGD else gradient / gradient.norm()

    for i in range(3):
        x, label, seen = images[i : i + 1], labels[i : i + 1], []
        attack = kind(eps=eps, steps=steps, loss="margin")
        attack(model, x, label, observer=lambda x, loss, seen=seen: seen.append(x))
        ball = (LinfBall if kind is APGD else L2Ball)(x, eps)
        wanted = transcribed(model, x, label, seen[0], ball, steps, unit)
        assert len(seen) == len(wanted) == steps + 1
        torch.testing.assert_close(torch.cat(seen), torch.cat(wanted), rtol=0, atol=1e-9)


@pytest.mark.parametrize("loss", ["ce", "margin", "softmax-ce"])
def test_it_reaches_the_corner_of_the_cube(two, loss):
    model, images, labels, gradient = two
    for steps in (1, 2, 10):
        adversarial = APGD(eps=EPS, steps=steps, loss=loss)(model, images, labels)
        torch.testing.assert_close(adversarial, images + EPS * gradient.sign(), **EXACT)


def test_the_corner_is_cut_by_the_box(two):
    model, images, labels, gradient = two
    images = (images > 0.5).double()
    adversarial = APGD(eps=0.3, steps=5)(model, images, labels)
    torch.testing.assert_close(adversarial, (images + 0.3 * gradient.sign()).clamp(0, 1), **EXACT)


def test_it_reaches_the_point_where_the_gradient_meets_the_sphere(two):
    model, images, labels, gradient = two
    moved = APGDL2(eps=0.1, steps=60)(model, images, labels) - images
    unit = gradient / gradient.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
    torch.testing.assert_close(moved, 0.1 * unit, rtol=0, atol=1e-7)


@pytest.mark.parametrize("name", ["apgd", "apgd-l2"])
def test_the_iterate_of_highest_loss_is_returned(digits_model, digit_pictures, name):
    images, labels = (x[:40] for x in digit_pictures)
    eps = 0.1 if name == "apgd" else 0.5
    attack = attacks.create(name, eps=eps, steps=20, loss="margin")
    record = attack.run(digits_model, images, labels)
    reached = margin(digits_model(record.x_adv), labels)
    torch.testing.assert_close(reached, record.trace.amax(1), rtol=1e-4, atol=1e-4)
    assert (record.trace[:, -1] < record.trace.amax(1)).any()  # which need not be the last
    assert record.success.equal(record.trace.amax(1) > 0)


def test_an_iterate_that_reached_the_goal_goes_before_one_of_higher_loss():
    """Log-odds rise with u, where two classes come up together; but one alone wins where u < 0."""

    def model(x):
        u = (x[:, 0] - 0.5) / 0.1
        return torch.stack([0 * u, -0.1 * u, 0.5 * u - 0.6], 1)

    images, labels, seen = torch.full((16, 2), 0.5).double(), torch.zeros(16).long(), []
    images[:, 1] = torch.linspace(0, 1, 16)
    record = APGD(eps=0.1, steps=10).run(
        model, images, labels, observer=lambda x, loss: seen.append(x[:, 0] < 0.5)
    )
    assert not seen[1].any()
    assert 0 < seen[0].sum() < 16
    assert record.success.equal(seen[0])
    assert (record.trace[:, 1] > record.trace[:, 0]).all()


def test_the_step_is_halved_where_the_loss_rises_but_the_best_stands_still():
    """Condition 2 of section 3.1, which does not apply where the step has just been halved."""
    rises = torch.tensor([9.0, 9, 9, 1, 1])
    top_value = torch.tensor([5.0, 5, 6, 6, 6])
    halved = torch.tensor([False, True, False, False, True])
    path = Path.at(torch.zeros(5, 1), torch.full((5,), 5.0), torch.ones(5, 1), 1.0)
    path.x = path.x + 3
    path.rises, path.top_value, path.halved = rises, top_value, halved
    path.check(10)
    stuck = torch.tensor([True, False, False, True, True])
    assert path.halved.equal(stuck)
    assert path.size.equal(torch.where(stuck, 0.5, 1.0))
    assert path.x[:, 0].equal(torch.where(stuck, 0.0, 3.0))  # back at the best point
    assert path.mark.equal(top_value)
    assert not path.rises.any()


@pytest.mark.parametrize("name", ["apgd", "apgd-l2", "apgd-t", "pgd-t"])
def test_restarts_never_lower_the_success(digits_model, digit_pictures, name):
    images, labels = digit_pictures
    eps = 0.7 if name == "apgd-l2" else 0.11
    common = {"eps": eps, "steps": 5, **({"targets": 2} if name.endswith("-t") else {})}
    runs = [
        attacks.create(name, restarts=r, **common).run(digits_model, images, labels) for r in (1, 3)
    ]
    fewer, more = (run.success for run in runs)
    assert more.sum() > fewer.sum()
    assert (more | ~fewer).all()
    if not name.endswith("-t"):
        assert runs[1].x_adv[fewer].equal(runs[0].x_adv[fewer])


@pytest.mark.parametrize("name", ["apgd", "apgd-l2", "apgd-t"])
def test_leaving_early_changes_no_success(digits_model, digit_pictures, name):
    images, labels = digit_pictures
    eps = 0.7 if name == "apgd-l2" else 0.11
    patient = attacks.create(name, eps=eps, steps=10).run(digits_model, images, labels)
    hasty = attacks.create(name, eps=eps, steps=10, stop_at_success=True)
    hasty = hasty.run(digits_model, images, labels)
    assert hasty.success.equal(patient.success)
    assert 0.1 < hasty.success.double().mean() < 0.95
    assert (hasty.queries_forward <= patient.queries_forward).all()
    early = hasty.queries_backward[hasty.success].double().mean()
    assert early < 0.7 * patient.queries_backward[hasty.success].double().mean()


def test_passes_are_counted(digits_model, digit_pictures):
    images, labels = digit_pictures
    record = APGD(eps=0.1, steps=7).run(digits_model, images, labels)
    assert set(record.queries_forward.tolist()) == {8}
    assert set(record.queries_backward.tolist()) == {7}
    for kind, extra in ((PGDT, 1), (APGDT, 2)):
        attack = kind(eps=0.1, steps=7, targets=3, restarts=2)
        record = attack.run(digits_model, images, labels)
        stand = ~record.success
        assert stand.any()
        assert set(record.queries_forward[stand].tolist()) == {1 + 3 * 2 * (7 + extra)}
        assert set(record.queries_backward[stand].tolist()) == {3 * 2 * 7}
        assert record.queries_backward.min() == 7  # the first run was enough


def test_it_needs_no_step_size_to_be_stronger_than_pgd(digits_model, digit_pictures):
    """In the mean of the margin reached, with as many steps, at every size of the ball."""
    images, labels = digit_pictures
    for eps in (0.05, 0.1, 0.2):
        mean = {
            kind: margin(
                digits_model(kind(eps=eps, steps=20, loss="margin")(digits_model, images, labels)),
                labels,
            ).mean()
            for kind in (PGD, APGD)
        }
        assert mean[APGD] >= mean[PGD] - 0.01


@pytest.mark.parametrize("name", ["apgd", "apgd-t"])
@pytest.mark.parametrize("scale", [30.0, 100.0])
def test_dlr_does_not_feel_the_scale_of_the_logits(digits_model, digit_pictures, name, scale):
    images, labels = digit_pictures
    attack = attacks.create(name, eps=0.1, steps=6, loss="dlr")
    plain = attack.run(digits_model, images, labels).success
    scaled = attack.run(lambda x: scale * digits_model(x) + 7, images, labels).success
    assert (plain != scaled).sum() <= 1  # rounding
    assert plain.any()
    naive = APGD(eps=0.1, steps=6, loss="softmax-ce")  # which is masked
    assert naive.run(lambda x: scale * digits_model(x), images, labels).success.sum() < scaled.sum()


@pytest.mark.parametrize("loss", ["ce", "margin", "dlr"])
def test_each_target_in_turn_finds_what_the_leading_class_hides(trap, loss):
    model, images, labels = trap
    for kind, targeted in ((PGD, PGDT), (APGD, APGDT)):
        missed = ~kind(eps=0.1, loss=loss).run(model, images, labels).success
        assert missed.sum() >= 4
        record = targeted(eps=0.1, loss=loss).run(model, images, labels)
        assert record.success.all()
        assert (model(record.x_adv).argmax(1) == 2).all()
        assert not targeted(eps=0.1, loss=loss, targets=1).run(model, images, labels).success.all()


def test_of_failed_runs_the_highest_margin_is_kept(trap):
    model, images, labels = trap
    images[:, 0, 0, 0] += (
        0.022  # u = -0.78 ... 1.22: margins of -0.03 on the left, -0.012 on the right
    )
    for attack in (PGDT(eps=0.1), APGDT(eps=0.1)):
        record = attack.run(model, images, labels)
        assert not record.success.any()
        torch.testing.assert_close(record.x_adv[:, 0, 0, 0], torch.full((16,), 0.622).double())


@pytest.mark.parametrize(
    "goal",
    [goals.Targeted(), goals.LeastLikely(), goals.ConfidenceReduction(), goals.SourceTarget(3, 8)],
)
def test_a_goal_with_a_way_of_its_own_is_pursued_as_it_is(digits_model, digit_pictures, goal):
    images, labels = (x[:30] for x in digit_pictures)
    targets = (labels + 1) % 10
    for kind, targeted in ((PGD, PGDT), (APGD, APGDT)):
        common = {"eps": 0.15, "steps": 5, "loss": "margin"}
        plain = kind(**common).run(digits_model, images, targets, goal)
        record = targeted(**common).run(digits_model, images, targets, goal)
        assert record.x_adv.equal(plain.x_adv)
        assert record.success.equal(plain.success)


def test_less_confidence_is_not_overshot(digits_model, digit_pictures):
    images, labels = digit_pictures
    record = APGD(eps=0.15, steps=20).run(
        digits_model, images, labels, goals.ConfidenceReduction(threshold=0.6)
    )
    assert record.success.any()
    assert (record.queries_backward[record.success] < 20).any()
    assert (record.queries_backward[~record.success] == 20).all()


@pytest.mark.parametrize("classes", [2, 3])
def test_with_few_classes_the_margin_stands_for_dlr(linear, pictures, classes):
    model, images, labels = linear(classes), pictures(), torch.arange(6) % classes
    attack = APGDT(eps=EPS, steps=5)
    same = APGDT(eps=EPS, steps=5, loss="margin")
    assert attack(model, images, labels).equal(same(model, images, labels))
