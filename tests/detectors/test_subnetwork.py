"""Subnetworks: one trunk for both answers, and a classifier that never changes."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core import zoo
from robust_core.classifier import Classifier
from robust_core.detectors import Subnetwork
from robust_core.models import ResNet32
from robust_core.models.detector import build


def fresh() -> Classifier:
    """A ResNet-32 of one's own, with batch statistics that are not the initial ones."""
    classifier = zoo.untrained("cifar10-resnet32")
    with torch.no_grad():
        classifier(pictures(8, seed=9))
    return classifier.eval()


def pictures(n: int = 4, seed: int = 0) -> Tensor:
    return torch.rand(n, 3, 32, 32, generator=torch.Generator().manual_seed(seed))


def attached(classifier: Classifier, point: str = "AD(2)", **options) -> Subnetwork:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Subnetwork(classifier, build(ResNet32, point), point=point, **options)


def state(module: torch.nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def same(a: dict, b: dict) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


@pytest.fixture(scope="module")
def detector() -> Subnetwork:
    return attached(fresh(), name="ours")


@pytest.mark.parametrize("point", ResNet32.attachments)
def test_both_are_the_two_answers_by_one_pass_of_the_trunk(point):
    detector = attached(fresh(), point)
    network, x = detector.classifier.network, pictures()
    calls: dict[str, int] = {}
    for name in ("stem", "stage1", "stage2", "stage3", "dense"):
        module = getattr(network, name)
        module.register_forward_hook(
            lambda *_, name=name: calls.update({name: calls.get(name, 0) + 1})
        )
    logits, logit = detector.both(x)
    assert calls == dict.fromkeys(("stem", "stage1", "stage2", "stage3", "dense"), 1)
    assert torch.equal(logits, detector.classifier(x))
    assert torch.equal(logit, detector.logit(x))


def test_the_detector_alone_computes_nothing_behind_its_point(detector):
    called = []
    handle = detector.classifier.network.stage2.register_forward_hook(lambda *_: called.append(1))
    detector.logit(pictures())
    handle.remove()
    assert not called


def test_scores_are_probabilities_of_the_logit(detector):
    x = pictures()
    logit, score = detector.logit(x), detector.score(x)
    assert logit.shape == score.shape == (4,)
    torch.testing.assert_close(score, 1 / (1 + torch.exp(-logit)))
    assert not score.requires_grad
    assert torch.equal(detector(x), logit)


def test_normalisation_is_that_of_the_classifier(detector):
    x, classifier = pictures(), detector.classifier
    activation = classifier.network.features(classifier.normalise(x), "AD(2)")
    assert torch.equal(detector.logit(x), detector.subnetwork(activation))
    torch.testing.assert_close(detector.logit(x.double()), detector.logit(x))


def test_attaching_leaves_the_classifier_as_it_was():
    classifier, x = fresh(), pictures()
    before, logits = state(classifier), classifier(x)
    detector = attached(classifier)
    detector.score(x)
    detector.both(x)
    assert same(before, state(classifier))
    assert torch.equal(classifier(x), logits)


def test_training_the_subnetwork_leaves_the_classifier_as_it_was():
    classifier, x = fresh(), pictures(8)
    before, logits = state(classifier), classifier(x)
    detector = attached(classifier, "AD(4)")
    net, seen = detector.subnetwork, detector.logit(x)
    net.train().requires_grad_(True)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(2):
        said = net(detector.activation(x).detach())
        loss = F.binary_cross_entropy_with_logits(said, torch.arange(8) % 2.0)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert same(before, state(classifier))
    assert torch.equal(classifier(x), logits)
    assert all(p.grad is None for p in classifier.parameters())
    assert not torch.equal(detector.logit(x), seen)


def test_the_subnetwork_is_frozen_and_in_eval_mode_and_stays_so():
    detector = attached(zoo.untrained("cifar10-resnet32").train())
    for _ in range(2):
        assert not any(module.training for module in detector.subnetwork.modules())
        assert not any(p.requires_grad for p in detector.subnetwork.parameters())
        assert detector.train() is detector


@pytest.mark.parametrize("ask", ["logit", "both", "score", "flags", "activation", "__call__"])
def test_the_classifier_is_asked_in_eval_mode_and_left_as_it_was(ask):
    classifier = zoo.untrained("cifar10-resnet32")
    expected = getattr(attached(classifier.eval()), ask)(pictures())
    classifier.train()
    next(m for m in classifier.modules() if isinstance(m, torch.nn.BatchNorm2d)).eval()
    modes = [module.training for module in classifier.modules()]
    before = state(classifier)
    got = getattr(attached(classifier), ask)(pictures())
    assert [module.training for module in classifier.modules()] == modes
    assert all(parameter.requires_grad for parameter in classifier.parameters())
    assert same(before, state(classifier))
    for one, other in zip(expected, got, strict=True):
        assert torch.equal(one, other)


def test_a_gradient_reaches_the_picture_through_the_trunk(detector):
    x = pictures().requires_grad_()
    (gradient,) = torch.autograd.grad(detector.logit(x).sum(), x)
    assert gradient.flatten(1).any(1).all()


def test_flags_are_scores_above_the_threshold(detector):
    x = pictures(6)
    scores = detector.score(x)
    at = scores.median().item()
    flags = attached(detector.classifier, threshold=at).flags(x)
    assert torch.equal(flags, scores > at)
    assert 0 < flags.sum() < 6


def test_an_unknown_point_or_a_classifier_without_any(digits_model):
    with pytest.raises(
        ValueError, match=r"^point of cifar10-resnet32 must be one of AD\(0\), .*'x'$"
    ):
        Subnetwork(fresh(), build(ResNet32, "AD(2)"), point="x")
    with pytest.raises(ValueError, match=r"^point: digits-cnn has no attachment points"):
        Subnetwork(digits_model, build(ResNet32, "AD(2)"), point="AD(2)")


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_must_be_a_share(threshold):
    with pytest.raises(ValueError, match=r"^threshold must be a score from 0 to 1; got "):
        attached(fresh(), threshold=threshold)
