"""What models are called: each by a name of its own, with the size of a download that is still to come."""

import json

import pytest

from robust_core import zoo
from robust_core.words.models import facts, groups, title, title_and_needs

MENU = 40
"""Characters that are in sight in the menu, at the least."""


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("cifar10-resnet32", "ResNet-32 — CIFAR-10"),
        ("cifar10-resnet32-pgd-at", "PGD adversarial training — CIFAR-10"),
        (
            "cifar10-resnet32-fgsm-at-half",
            "FGSM adversarial training, alpha 0.5 — CIFAR-10",
        ),
        ("digits-cnn-pgd-at", "PGD adversarial training — digits"),
        ("digits-mlp", "MLP — digits"),
        ("digits-mlp-ibp", "Training with interval bounds, MLP — digits"),
        ("gtsrb-cnn", "CNN — traffic signs"),
        ("imagenet-vgg16", "VGG-16 — ImageNet"),
    ],
)
def test_a_title_names_the_network_its_data_and_its_defence(name, called):
    assert title(name) == called


def test_no_two_models_share_a_title_and_none_is_called_by_its_file():
    titles = [title(name) for name in zoo.names()]
    assert len({called[:MENU] for called in titles}) == len(titles), (
        "the menu cuts off what differs"
    )
    assert not any(name in called for name in zoo.names() for called in titles)


def test_the_size_is_said_before_a_download_and_not_after_it(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    name = "imagenet-vgg16"
    assert title_and_needs(name) == "VGG-16 — ImageNet, 528 MB download"
    assert facts(name) == "224 x 224 RGB, 1,000 classes, 528 MB download"
    assert title_and_needs("cifar10-resnet32") == "ResNet-32 — CIFAR-10, 32 px"
    assert facts("digits-cnn") == "8 x 8 grey, 10 classes, bundled"
    path = zoo.checkpoint_path(name)
    path.parent.mkdir(parents=True)
    path.touch()
    assert title_and_needs(name) == "VGG-16 — ImageNet, 224 px"
    assert facts(name) == "224 x 224 RGB, 1,000 classes, downloaded"


def test_the_list_is_grouped_by_what_models_see_and_need(photographs):
    found = groups()
    assert [group.heading for group in found] == [
        "Photographs: 128 px, 10 classes, bundled",
        "Photographs: 224 px, 1,000 classes",
        "CIFAR-10: 32 px, 10 classes, bundled",
        "Traffic signs: 32 px, 43 classes, bundled",
        "Digits: 8 px, 10 classes, bundled",
    ]
    assert sorted(name for group in found for name in group.names) == sorted(zoo.names())
    assert found[0].names == photographs
    assert found[1].names == tuple(zoo.IMAGENET)
    titles = [title(name) for name in photographs]
    assert titles == [
        "ResNet-18 — photographs",
        "PGD adversarial training — photographs",
        "Training under noise — photographs",
    ]


@pytest.fixture
def photographs(weights_folder):
    """Networks for photographs as the index may have them; nobody loads their weights."""
    name = "imagenette-resnet"
    names = (name, f"{name}-pgd-at", f"{name}-gaussian")
    entries = zoo.index()
    entries |= dict.fromkeys(names, entries["digits-cnn"])
    (weights_folder / "index.json").write_text(json.dumps(entries))
    return names
