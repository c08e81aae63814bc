"""Dynamic training: resumable, with a partner that knows the detector of the moment."""

from dataclasses import asdict
from functools import partial

import pytest
import torch

from robust_core import attacks, zoo
from robust_core.attacks.pair.mixed import mixed
from robust_core.detectors import Subnetwork
from robust_core.models import ResNet32
from robust_core.models.detector import build
from robust_core.training.detectors.dynamic import train_dynamic
from robust_core.training.detectors.static import DetectorTrainer, name
from robust_core.training.recipes import DetectorRecipe
from robust_core.zoo.weights import fingerprint

SIZE = {"eps": 4 / 255, "steps": 2, "step_size": 2 / 255}
PARTNER = partial(mixed, **SIZE)


@pytest.fixture(scope="module")
def classifier():
    return zoo.load("cifar10-resnet32", "cpu")


@pytest.fixture(scope="module")
def images():
    coarse = torch.rand(10, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(coarse, 32, mode="bilinear").clamp(0.2, 0.8)


@pytest.fixture
def run(classifier, images, tmp_path):
    def go(folder="run", adversary=PARTNER, epochs=2, seed=0, **more):
        recipe = DetectorRecipe(
            *(classifier.name, fingerprint(classifier), "AD(4)", "dynamic"),
            parameters=SIZE,
            epochs=epochs,
            batch=4,
        )
        place = {"folder": tmp_path / folder, "seed": seed, "show": False}
        return train_dynamic(classifier, adversary, recipe, images, **place, **more)

    return go


def weights(trainer):
    return {k: v.clone() for k, v in trainer.subnetwork.state_dict().items()}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def test_resumed_training_gives_bit_equal_weights(run, interrupt_at):
    straight = weights(run("straight"))
    with interrupt_at(DetectorTrainer, 4), pytest.raises(KeyboardInterrupt):  # three steps an epoch
        run("resumed")
    resumed = run("resumed")
    assert same(straight, weights(resumed))
    assert not same(straight, weights(run("other", seed=1)))


def test_about_half_of_the_pictures_are_modified_each_at_a_sigma_of_its_own(run, classifier):
    seen = []

    def partner(detector, x, classes, sigma):
        seen.append((len(x), sigma.clone(), classes))
        assert not detector.subnetwork.training
        return x

    state = {k: v.clone() for k, v in classifier.state_dict().items()}
    trainer = run(adversary=partner, epochs=20)
    number = sum(n for n, _, _ in seen)
    assert 70 <= number <= 130  # of 200, four standard deviations around 100
    sigma = torch.cat([s for _, s, _ in seen])
    assert len(sigma) == number == len(sigma.unique())
    assert sigma.min() >= 0
    assert sigma.max() <= 1
    assert abs(sigma.mean() - 0.5) < 0.12
    assert same(state, dict(classifier.state_dict()))
    assert all(p.requires_grad for p in trainer.subnetwork.parameters())


def test_it_starts_where_it_is_told_to(run):
    first = build(ResNet32, "AD(4)").state_dict()
    moved = weights(run("a", start=first, epochs=1))
    fresh = weights(run("b", epochs=1))
    key = "last.weight"
    assert (moved[key] - first[key]).abs().max() < 1e-3
    assert (fresh[key] - first[key]).abs().max() > 1e-3


@pytest.mark.parametrize("sigma", [0.0, 0.3, 0.7, 1.0])
def test_the_partner_is_the_dynamic_adversary(classifier, images, sigma):
    torch.manual_seed(0)
    detector = Subnetwork(classifier, build(ResNet32, "AD(4)"), point="AD(4)")
    classes = classifier(images).argmax(1)
    ours = mixed(detector, images, classes, torch.full((10,), sigma), **SIZE)
    attack = attacks.create("dynamic", sigma=sigma, detector=detector, **SIZE)
    theirs = attack(classifier, images, classes)
    assert (ours - images).abs().max() <= SIZE["eps"] + 1e-6
    # Where a slope is next to nothing, its sign may differ from one way of computing it to another.
    assert ((ours - theirs).abs() < 1e-6).double().mean() > 0.999
    assert asdict(attack)["sigma"] == sigma


def test_its_name(classifier):
    recipe = DetectorRecipe(classifier.name, "", "AD(2)", "dynamic", parameters={"eps": 1 / 255})
    assert name(recipe) == "cifar10-resnet32-ad2-dynamic-1-255"
