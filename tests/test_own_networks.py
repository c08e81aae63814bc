"""Any module in a ``Classifier``: a transformer, a grey network, 2 classes and 1,000, everywhere."""

import pytest
import torch
from torch import nn

from robust_core import attacks, defenses, verification
from robust_core.certify import smoothing
from robust_core.classifier import Classifier
from robust_core.detectors import FeatureSqueezing
from robust_core.detectors.squeezers import squeezer
from robust_core.evaluation import accuracy, masking
from robust_core.inside import grad_cam, last_features, relative_changes
from tests.zoo.own.networks import vit


def network(kind: str) -> tuple[nn.Module, int, int, int]:
    """A network, its channels, the side of its pictures, its classes."""
    torch.manual_seed(0)
    if kind == "transformer":
        return vit(), 3, 16, 10
    channels, classes = {"grey": (1, 5), "two classes": (3, 2), "a thousand": (3, 1000)}[kind]
    layers = [nn.Conv2d(channels, 4, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(64, classes)]
    return nn.Sequential(*layers).eval(), channels, 10, classes


@pytest.fixture(params=["transformer", "grey", "two classes", "a thousand"])
def known(request):
    """A classifier, eight pictures, and its own answers as their labels."""
    made, channels, side, classes = network(request.param)
    model = Classifier(
        made,
        class_names=tuple(f"class {k}" for k in range(classes)),
        input_size=(side, side),
        mean=(0.5,) * channels,
        std=(0.5,) * channels,
    )
    model.eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(1)
    images = torch.rand(8, channels, side, side, generator=generator)
    return model, images, model(images).argmax(1)


def test_without_a_name_it_has_its_networks(known):
    assert known[0].name in ("VisionTransformer", "Sequential")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("pgd", {"eps": 0.3, "steps": 5}),
        ("deepfool", {}),
        ("square", {"eps": 0.3, "max_queries": 40}),
    ],
)
def test_attacks(known, name, options):
    model, images, labels = known
    record = attacks.create(name, **options).run(model, images, labels)
    assert record.x_adv.shape == images.shape
    assert (record.success == (model(record.x_adv).argmax(1) != labels)).all()
    if name != "square":
        assert record.success.any()


@pytest.mark.parametrize("name", ["jpeg", "bit-depth", "median", "tv", "random-resize-pad"])
def test_filters(known, name):
    model, images, labels = known
    defended = defenses.create(name)(model)
    assert len(defended.predict(images, k=1)) == len(images)
    aware = attacks.create("pgd", eps=0.3, steps=2).run(defended, images, labels, adaptive=True)
    assert aware.x_adv.shape == images.shape


def test_smoothing(known):
    model, images, _ = known
    found = smoothing.certify(model, images[0], sigma=0.1, n=50)
    assert found.label is None or 0 <= found.label < len(model.class_names)


def test_the_squeezing_detector(known):
    model, images, _ = known
    scores = FeatureSqueezing(model, [squeezer("bits-3"), squeezer("median-2")]).score(images)
    assert scores.shape == (8,)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_what_compiles_is_verified_and_what_does_not_is_named(known):
    model, images, labels = known
    if model.name == "Sequential":
        found = verification.verify(model, images, labels, 1e-5, "crown")
        assert set(found.status) == {"proved"}
    else:
        with pytest.raises(ValueError, match="cannot be compiled"):
            verification.verify(model, images, labels, 1e-5, "crown")


def test_the_inside(known):
    model, images, labels = known
    changes = relative_changes(model, images[:1], images[1:3])
    assert changes.values.isfinite().all()
    assert (changes.values[:, -1] > 0).all()
    assert grad_cam(model, images, labels).values.any()
    features, answers = last_features(model, images)
    assert len(features) == len(images)
    assert torch.equal(answers, labels)


def test_the_checklist_and_an_evaluation(known):
    model, images, labels = known
    budget = masking.Budget(steps=3, queries=10, draws=3, radii=(0.5, 1.0))
    findings = masking.checklist(model, images, labels, eps=0.2, budget=budget)
    assert all(finding.sentence for finding in findings)
    report = accuracy.evaluate(model, "fgsm", images, labels, eps_list=[0.0, 0.2])
    assert report["clean_top1"] == 1
    assert report["rows"][0]["success_rate"] == 0
