"""Attacks on the pair: optimal on linear pairs, stronger than the dynamic adversary on a trained one."""

import numpy as np
import pytest
import torch
from scipy.optimize import linprog, minimize
from torch import nn

from robust_core import attacks, goals
from robust_core.attacks import BIM, CWL2, CWL2Pair, Dynamic, PGDPair
from robust_core.detectors import Subnetwork
from robust_core.models import ResNet32
from robust_core.models.detector import build

EACH = [PGDPair, CWL2Pair]
EPS = 0.15


class LinearDetector(nn.Module):
    """Log-odds ``pixels @ weight + bias``."""

    def __init__(self, bias=0.0, size=105, seed=7, scale=1.0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        weight = torch.randn(size, generator=generator, dtype=torch.float64)
        self.weight, self.bias = nn.Parameter(scale * weight), bias
        self.drop = nn.Dropout(0.5)

    def logit(self, images):
        return self.drop(images.flatten(1)) @ self.weight + self.bias


class Watchdog(nn.Module):
    """A small network that tells clean digits from those of BIM."""

    threshold = 0.4

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(12, 12, 3, padding=1, stride=2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(12 * 16, 1),
        )

    def logit(self, images):
        return self.body(images)[:, 0]

    def flags(self, images):
        return self.logit(images).sigmoid() > self.threshold


@pytest.fixture(scope="module")
def digits(digits_model, digits_test):
    """The model, 60 pictures that it gets right, their labels, and a detector made for them in a second."""
    images, labels = digits_test
    right = digits_model(images).argmax(1) == labels
    images, labels = images[right], labels[right]
    genuine = images[60:260]
    crafted = BIM(eps=EPS)(digits_model, genuine, labels[60:260])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        detector = Watchdog()
        optimizer = torch.optim.Adam(detector.parameters(), 5e-3)
        for _ in range(60):
            wrong = nn.functional.softplus(-detector.logit(crafted)).mean()
            loss = wrong + nn.functional.softplus(detector.logit(genuine)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return digits_model, images[:60], labels[:60], detector.eval().requires_grad_(False)


def fooled(model, detector, images, labels):
    """Who fools the classifier, and who fools both."""
    wrong = model(images).argmax(1) != labels
    return wrong, wrong & ~detector.flags(images)


@pytest.fixture
def linear_pair(linear, pictures):
    """Two linear parts, pictures around grey, and per picture the slopes and what the two lack."""
    model, images = linear(2), pictures(6)
    labels = model(images).argmax(1)
    weight = model.weight.detach()
    towards = weight[1 - labels] - weight[labels]  # the margin rises with it
    lack = -(towards * images.flatten(1)).sum(1)
    detector = LinearDetector().eval()
    detector.bias = -detector.logit(images).mean().item() + 0.5  # flags about half of them
    excess = detector.logit(images).detach()
    slopes = torch.stack([towards, -detector.weight.detach().expand_as(towards)], 1)
    return model, images, labels, detector, slopes, torch.stack([lack, excess], 1)


def test_pgd_needs_hardly_more_than_the_smallest_ball_of_a_linear_pair(linear_pair):
    """The least eps by linear programming: below it nothing fools both, 5 % above it PGD does."""
    model, images, labels, detector, slopes, lacks = linear_pair
    for i in range(len(images)):
        slope, lack = slopes[i].numpy(), lacks[i].numpy()
        size = slope.shape[1]
        cube = np.vstack([np.eye(size), -np.eye(size)])
        program = linprog(
            np.append(np.zeros(size), 1.0),
            A_ub=np.vstack(
                [np.c_[-slope, [0, 0]], np.c_[cube, -np.ones(2 * size)]],
            ),
            b_ub=np.append(-lack, np.zeros(2 * size)),
            bounds=[(None, None)] * size + [(0, None)],
        )
        assert 0 < program.fun < 0.3
        for share, wanted in ((0.99, False), (1.05, True)):
            attack = PGDPair(eps=share * program.fun, steps=100, detector=detector)
            x = attack(model, images[i : i + 1], labels[i : i + 1])
            both = (model(x).argmax(1) != labels[i]) & (detector.logit(x) <= 0)
            assert both.item() is wanted


def test_cw_is_near_the_exact_distance_of_a_linear_pair(linear_pair):
    """The projection onto two half-spaces; with one of them alone it would be shorter."""
    model, images, labels, detector, slopes, lacks = linear_pair
    record = CWL2Pair(search_steps=5, steps=150, detector=detector).run(model, images, labels)
    assert record.success.all()
    assert (detector.logit(record.x_adv) <= 0).all()
    alone = lacks[:, 0] / slopes[:, 0].norm(dim=1)
    further = 0
    for i in range(len(images)):
        slope, lack = slopes[i].numpy(), lacks[i].numpy()
        # The dual: the two multipliers of the nearest point, neither negative.
        gram = slope @ slope.T
        best = minimize(
            lambda u, gram=gram, lack=lack: u @ gram @ u / 2 - u @ lack,
            np.full(2, 1e-3),
            jac=lambda u, gram=gram, lack=lack: gram @ u - lack,
            bounds=[(0, None)] * 2,
            options={"ftol": 1e-15, "gtol": 1e-12},
        )
        exact = np.linalg.norm(best.x @ slope)
        further += exact > 1.05 * alone[i].item()
        assert exact * (1 - 1e-6) <= record.l2[i].item() <= exact * 1.02
    assert further >= 2


def test_pgd_on_the_pair_fools_both_far_more_often_than_the_dynamic_adversary(digits):
    """Which has twice the steps and four times the passes."""
    model, images, labels, detector = digits
    plain, unseen = fooled(model, detector, BIM(eps=EPS)(model, images, labels), labels)
    assert plain.sum() > 50
    assert unseen.sum() < 10
    assert detector.flags(images).sum() < 5
    _, both = fooled(
        model, detector, PGDPair(eps=EPS, detector=detector)(model, images, labels), labels
    )
    for sigma in (0.4, 0.5):
        attack = Dynamic(eps=EPS, steps=80, sigma=sigma, detector=detector)
        _, unseen = fooled(model, detector, attack(model, images, labels), labels)
        assert both.sum() >= unseen.sum() + 6
    assert both.sum() >= 0.85 * plain.sum()


def test_cw_fools_both_always_and_is_no_shorter_than_against_the_classifier(digits):
    model, images, labels, detector = digits
    images, labels = images[:12], labels[:12]
    record = CWL2Pair(detector=detector).run(model, images, labels)
    wrong, both = fooled(model, detector, record.x_adv, labels)
    assert both.all()
    assert record.success.equal(wrong)
    alone = CWL2().run(model, images, labels)
    assert 0.99 * alone.l2.mean() <= record.l2.mean() <= 1.2 * alone.l2.mean()


def test_cw_with_confidence_is_that_far_from_both_borders(digits):
    model, images, labels, detector = digits
    x = CWL2Pair(detector=detector, confidence=1)(model, images[:10], labels[:10])
    logits, index = model(x), labels[:10, None]
    margin = logits.scatter(1, index, -torch.inf).amax(1) - logits.gather(1, index)[:, 0]
    assert (margin >= 1 - 1e-4).all()
    border = torch.logit(torch.tensor(detector.threshold))
    assert (detector.logit(x) <= border - 1 + 1e-4).all()


@pytest.mark.parametrize("kind", EACH)
def test_a_target_is_reached_unseen(digits, kind):
    model, images, labels, detector = digits
    images, targets = images[:20], (labels[:20] + 1) % 10
    own = {"eps": 0.4} if kind is PGDPair else {}
    x = kind(detector=detector, **own)(model, images, targets, targeted=True)
    reached = (model(x).argmax(1) == targets) & ~detector.flags(x)
    assert reached.sum() >= 18


def test_an_iterate_that_fools_both_is_preferred(digits):
    model, images, labels, detector = digits
    seen = []
    attack = PGDPair(eps=0.12, steps=8, step_size=0.5, detector=detector)
    x = attack(model, images, labels, observer=lambda x, loss: seen.append(x))
    assert len(seen) == attack.observations
    ever = torch.stack([fooled(model, detector, step, labels)[1] for step in seen]).any(0)
    both = fooled(model, detector, x, labels)[1]
    assert both.equal(ever)
    assert 0 < both.sum() < len(both)
    assert not fooled(model, detector, seen[-1], labels)[1].equal(both)


def test_restarts_only_add(digits):
    model, images, labels, detector = digits
    once, thrice = (
        fooled(
            model,
            detector,
            PGDPair(eps=0.1, steps=10, restarts=restarts, detector=detector)(model, images, labels),
            labels,
        )[1]
        for restarts in (1, 3)
    )
    assert (thrice | ~once).all()
    assert thrice.sum() > once.sum()


def test_with_a_detector_that_never_flags_cw_is_that_of_the_classifier(net, pictures):
    model, images = net(), pictures(4)
    labels = model(images).argmax(1)
    blind = LinearDetector(bias=-1e6)
    pair = CWL2Pair(detector=blind)(model, images, labels)
    torch.testing.assert_close(pair, CWL2()(model, images, labels), rtol=0, atol=1e-7)


def test_with_a_detector_that_always_flags_only_the_classifier_is_fooled(digits):
    """``success`` is about the classifier: PGD still climbs its margin, CW finds nothing to return."""
    model, images, labels, _ = digits
    paranoid = LinearDetector(bias=3.0, size=64, scale=0.0).float()
    record = PGDPair(eps=0.3, detector=paranoid).run(model, images, labels)
    assert record.success.double().mean() > 0.9
    record = CWL2Pair(detector=paranoid).run(model, images[:5], labels[:5])
    assert record.x_adv.equal(images[:5])
    assert not record.success.any()


def test_cw_lowers_the_confidence_unseen_and_pgd_refuses_to(digits):
    model, images, labels, detector = digits
    goal = goals.ConfidenceReduction(threshold=0.6)
    record = CWL2Pair(detector=detector).run(model, images[:10], labels[:10], goal)
    assert record.success.all()
    assert not detector.flags(record.x_adv).any()
    assert (model(record.x_adv).softmax(1).amax(1) <= 0.6 + 1e-4).all()
    with pytest.raises(ValueError, match=r"^goal of pgd-pair must be one of untargeted, targeted"):
        PGDPair(detector=detector).run(model, images, labels, goal)


def test_a_pass_of_both_counts_once(linear, pictures):
    model, images = linear(5), pictures()
    labels = model(images).argmax(1)
    record = PGDPair(eps=1e-4, steps=5, detector=LinearDetector()).run(model, images, labels)
    assert record.queries_forward.tolist() == [6] * 6
    assert record.queries_backward.tolist() == [5] * 6
    record = CWL2Pair(steps=5, detector=LinearDetector()).run(model, images, labels)
    assert record.queries_forward.tolist() == record.queries_backward.tolist() == [15] * 6


@pytest.mark.parametrize("kind", EACH)
def test_a_detector_may_count_in_double_precision(digits, kind):
    model, images, labels, detector = digits
    precise = LinearDetector(size=64, scale=0.1)
    precise.logit = lambda x: detector.logit(x).double()
    expected = kind(steps=5, detector=detector)(model, images[:8], labels[:8])
    precise.threshold = detector.threshold
    x = kind(steps=5, detector=precise)(model, images[:8], labels[:8])
    assert x.dtype == torch.float32
    torch.testing.assert_close(x, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("kind", EACH)
def test_the_detector_is_asked_in_eval_mode_and_left_as_it_was(linear, pictures, kind):
    model, images = linear(5), pictures()
    labels, detector = model(images).argmax(1), LinearDetector()
    expected = kind(steps=5, detector=detector.eval())(model, images, labels)
    detector.train()
    assert kind(steps=5, detector=detector)(model, images, labels).equal(expected)
    assert detector.training
    assert detector.drop.training
    assert detector.weight.grad is None


@pytest.fixture
def real(resnet, cat):
    """The real trunk with a detector that is not trained and flags the clean picture."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        detector = Subnetwork(resnet, build(ResNet32, "AD(4)"), point="AD(4)")
    detector.threshold = detector.score(cat).item() - 0.01
    return detector


@pytest.mark.parametrize("kind", EACH)
def test_both_answer_by_one_pass_of_the_trunk(real, resnet, cat, kind):
    passes = []
    stem = next(m for m in resnet.network.modules() if isinstance(m, nn.Conv2d))
    handle = stem.register_forward_pre_hook(lambda *_: passes.append(1))
    record = kind(steps=3, detector=real).run(resnet, cat, resnet(cat).argmax(1))
    handle.remove()
    # One for the label, one behind success.
    assert len(passes) == 1 + record.queries_forward.item() + 1


def test_a_flagged_picture_of_the_real_pair_becomes_one_that_fools_both(real, resnet, cat):
    assert real.flags(cat).all()
    record = PGDPair(steps=10, detector=real).run(resnet, cat, resnet(cat).argmax(1))
    assert record.success.all()
    assert not real.flags(record.x_adv).any()


def test_they_stand_beside_the_dynamic_adversary():
    assert attacks.names(pair=True) == ["dynamic", "pgd-pair", "cw-l2-pair"]
    assert not set(attacks.names(pair=True)) & set(attacks.names())
    for kind in EACH:
        assert attacks.get(kind.name) is kind
        detector = LinearDetector()
        assert attacks.create(kind.name, steps=7, detector=detector).detector is detector


@pytest.mark.parametrize("kind", EACH)
@pytest.mark.parametrize("wrong", [None, 3, nn.Linear(2, 2)])
def test_a_detector_is_needed(kind, wrong):
    with pytest.raises(ValueError, match=r"^detector must be an object with a method logit; got "):
        kind(detector=wrong)


@pytest.mark.parametrize("kind", EACH)
def test_labels_that_the_classifier_lacks_are_refused(linear, pictures, kind):
    """Five classes: 5 is the place of the detector, not a class."""
    attack = kind(steps=2, detector=LinearDetector())
    with pytest.raises(ValueError, match=r"^labels.* must be class indices from 0 to 4.*got 5"):
        attack(linear(5), pictures(), torch.full((6,), 5))


def test_restarts_without_a_random_start_are_refused():
    with pytest.raises(ValueError, match=r"^restarts must be 1 without random_start"):
        PGDPair(restarts=2, random_start=False, detector=LinearDetector())
