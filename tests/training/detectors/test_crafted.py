"""The data of a detector: in the ball, of the right classes, made once for each picture."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from robust_core import zoo
from robust_core.attacks import BIM, DeepFool
from robust_core.detectors import Subnetwork
from robust_core.models import ResNet32
from robust_core.models.detector import build
from robust_core.training.detectors.crafted import Originals, activations, craft, slug, to_half
from robust_core.training.recipes import DetectorRecipe
from robust_core.zoo.weights import fingerprint

EPS = 2 / 255
CRAFTED = "robust_core.training.detectors.crafted"
CPU = torch.device("cpu")
IMAGES = torch.randint(
    0, 256, (6, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
)


class Spy:
    """An adversary that remembers what it was asked."""

    def __init__(self, attack=None) -> None:
        self.attack, self.classes, self.pictures = attack, [], []

    def __call__(self, model, images, classes):
        self.pictures.append(images)
        self.classes.append(classes)
        return self.attack(model, images, classes) if self.attack else images


@pytest.fixture
def recipe(resnet):
    return DetectorRecipe(resnet.name, "abc", "AD(3)", "bim", {"eps": EPS, "steps": 2})


@pytest.fixture
def originals(resnet, tmp_path):
    """``originals(labels)``: the pictures, to leave these classes or the predicted ones."""

    def make(labels=None, images=IMAGES):
        return Originals(resnet, images, labels, tmp_path, what="x", show=False)

    return make


def test_half_precision_never_grows_and_is_the_next_number():
    values = torch.randn(5000, generator=torch.Generator().manual_seed(0)) * 0.01
    values = torch.cat(
        [values, torch.tensor([0.0, -0.0, EPS, -EPS, 6e-8, -6e-8, 1e-9, -1e-9, 1.0])]
    )
    half = to_half(values)
    assert half.dtype == torch.float16
    assert (half.double().abs() <= values.double().abs()).all()
    assert (half.double() * values.double() >= 0).all()
    step = torch.maximum(values.abs() * 2**-10, torch.tensor(2**-24))
    assert ((half.float() - values).abs() <= step).all()
    exact = values.half().float()
    assert torch.equal(to_half(exact).float(), exact)


def test_adversarial_pictures_are_in_the_ball_and_close_to_the_exact_ones(
    resnet, recipe, originals
):
    labels = torch.arange(6)
    attack = BIM(eps=EPS, steps=2)
    crafted = craft(originals(labels), attack, recipe)
    clean, adversarial = crafted.pairs(slice(None), CPU)
    assert torch.equal(clean, IMAGES.float() / 255)
    assert adversarial.min() >= 0
    assert adversarial.max() <= 1
    assert (adversarial.double() - clean.double()).abs().max() <= EPS + 1e-7
    torch.testing.assert_close(adversarial, attack(resnet, clean, labels), rtol=0, atol=EPS / 1000)
    some = torch.tensor([4, 1])
    assert torch.equal(crafted.pairs(some, CPU)[1], adversarial[some])
    assert torch.equal(crafted.pairs(slice(2, 4), CPU)[1], adversarial[2:4])


def test_without_an_eps_the_pictures_are_kept_to_the_last_success(resnet, recipe, originals):
    """DeepFool ends just across the boundary, where half a thousandth less is on the wrong side."""
    attack, labels = DeepFool(), resnet(IMAGES.float() / 255).argmax(1)
    free = replace(recipe, adversary="deepfool", parameters=asdict(attack))
    crafted = craft(originals(labels), attack, free)
    clean, adversarial = crafted.pairs(slice(None), CPU)
    direct = attack(resnet, clean, labels)
    torch.testing.assert_close(adversarial, direct, rtol=0, atol=1e-7)
    assert (resnet(adversarial).argmax(1) != labels).all()


def test_large_pictures_go_through_in_parts_with_the_same_result(
    resnet, recipe, originals, monkeypatch
):
    detector = Subnetwork(resnet, build(ResNet32, "AD(4)"), point="AD(4)")
    made = []
    for most in (6, 4):
        monkeypatch.setattr(f"{CRAFTED}.per_pass", lambda images, most=most: most)
        spy = Spy(BIM(eps=EPS, steps=2))
        # An adversary of another name is not looked up, but made again.
        crafted = craft(originals(), spy, replace(recipe, adversary=f"bim-{most}"))
        read = activations(detector, crafted, originals().cache, show=False)
        assert [len(part) for part in spy.pictures] == {6: [6], 4: [4, 2]}[most]
        made.append((torch.from_numpy(crafted.deltas.copy()), torch.from_numpy(read.copy())))
    for one, other in zip(*made, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=2e-3)


def test_classes_to_leave_are_the_models_own_or_those_given(resnet, recipe, originals):
    own, given = Spy(), Spy()
    craft(originals(), own, recipe)
    assert torch.equal(own.classes[0], resnet(IMAGES.float() / 255).argmax(1))
    labels = torch.tensor([5, 4, 3, 2, 1, 0])
    craft(originals(labels), given, recipe)
    assert torch.equal(given.classes[0], labels)


def test_made_once_for_each_picture_adversary_and_classifier(recipe, originals, monkeypatch):
    spy = Spy()

    def asked(images=IMAGES, labels=None, recipe=recipe) -> int:
        before = len(spy.classes)
        craft(originals(labels, images), spy, recipe)
        return len(spy.classes) - before

    assert asked() == 1
    assert asked() == 0
    assert asked(recipe=replace(recipe, point="AD(1)", epochs=3)) == 0  # no part in crafting
    assert asked(labels=torch.arange(6)) == 1
    assert asked(labels=torch.arange(6).flip(0)) == 1
    assert asked(labels=torch.arange(6)) == 0
    assert asked(images=IMAGES.flip(0)) == 1
    assert asked(recipe=replace(recipe, fingerprint="abd")) == 1
    assert asked(recipe=replace(recipe, parameters={"eps": EPS, "steps": 3})) == 1
    assert asked(recipe=replace(recipe, adversary="pgd")) == 1
    monkeypatch.setattr("robust_core.files.hash_of_code", lambda folder: folder.name.encode())
    assert asked() == 1, "the code of the attacks is another"


def test_activations_are_those_of_the_two_pictures(resnet, recipe, originals, tmp_path):
    crafted = craft(originals(), BIM(eps=0.1, steps=1), recipe)
    found = {}
    for point in ("AD(0)", "AD(3)"):
        detector = Subnetwork(resnet, build(ResNet32, point), point=point)
        pairs = found[point] = activations(detector, crafted, tmp_path, show=False)
        for i, pictures in enumerate(crafted.pairs(slice(None), CPU)):
            expected = detector.activation(pictures).half()
            assert np.array_equal(pairs[:, i], expected.numpy())
    assert found["AD(0)"].shape == (6, 2, 3, 32, 32)
    assert found["AD(3)"].shape == (6, 2, 32, 16, 16)
    assert not np.array_equal(found["AD(3)"][:, 0], found["AD(3)"][:, 1])


def test_the_fingerprint_is_that_of_weights_and_statistics(resnet):
    first, again = (zoo.untrained("cifar10-resnet32") for _ in range(2))
    assert fingerprint(first) == fingerprint(again) != fingerprint(resnet)
    with torch.no_grad():
        first.network.stem[1].running_mean[3] += 1e-3
    assert fingerprint(first) != fingerprint(again)


def test_points_as_parts_of_file_names():
    assert slug("AD(2)") == "ad2"
