"""What models are called: each by a name of its own, with the size of a download that is still to come."""

import pytest

from robust_core import zoo
from robust_core.words.models import title, title_and_size

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
    assert title_and_size("imagenet-vgg16") == "VGG-16 — ImageNet, 528 MB download"
    assert title_and_size("cifar10-resnet32") == title("cifar10-resnet32")
    path = zoo.checkpoint_path("imagenet-vgg16")
    path.parent.mkdir(parents=True)
    path.touch()
    assert title_and_size("imagenet-vgg16") == title("imagenet-vgg16")
