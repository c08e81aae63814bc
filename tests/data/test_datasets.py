import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from robust_core.classifier import Classifier
from robust_core.data import cifar10, digits
from robust_core.data.datasets import load_test_set


def classifier(channels, size, class_names=cifar10.CLASSES):
    return Classifier(
        nn.Flatten(),
        name=f"toy-{size}",
        class_names=class_names,
        input_size=(size, size),
        mean=(0.5,) * channels,
        std=(0.5,) * channels,
    )


RGB, GREY = classifier(3, 32), classifier(1, 8, digits.CLASSES)


def test_cifar10(cifar10_root):
    images, labels = load_test_set("cifar10", RGB, root=cifar10_root)
    pixels, expected = cifar10.load("test", cifar10_root)
    assert images.dtype == torch.float32
    assert torch.equal(images, pixels.float() / 255)
    assert torch.equal(labels, expected)


def test_digits():
    images, labels = load_test_set("digits", GREY)
    expected = digits.load("test")
    assert torch.equal(images, expected[0])
    assert torch.equal(labels, expected[1])


def test_limit_takes_the_first(cifar10_root):
    everything = load_test_set("cifar10", RGB, root=cifar10_root)
    for limit in (1, 7, 10**6):
        first = load_test_set("cifar10", RGB, limit, root=cifar10_root)
        assert all(torch.equal(a, b[:limit]) for a, b in zip(first, everything, strict=True))
    assert len(load_test_set("digits", GREY, 5)[1]) == 5


def test_folder(tmp_path):
    (tmp_path / "cat").mkdir()
    Image.fromarray(np.full((40, 40, 3), 51, np.uint8)).save(tmp_path / "cat" / "a.png")
    for path in (tmp_path, str(tmp_path)):
        images, labels = load_test_set(path, RGB, limit=3)
        assert torch.equal(images, torch.full((1, 3, 32, 32), 51 / 255))
        assert labels.tolist() == [3]


@pytest.mark.parametrize(
    ("name", "model", "words"),
    [
        ("digits", RGB, "digits pictures are 8x8 grey; toy-32 takes 32x32 RGB"),
        ("cifar10", GREY, "cifar10 pictures are 32x32 RGB; toy-8 takes 8x8 grey"),
        ("cifar10", classifier(3, 224), "toy-224 takes 224x224 RGB"),
        ("cifar10", classifier(3, 32, ("cat", "dog")), "10 classes and toy-32 2"),
        ("mnist", RGB, "no data 'mnist': give cifar10, digits, gtsrb, imagenette, a folder with"),
    ],
)
def test_data_that_does_not_fit(name, model, words, cifar10_root):
    with pytest.raises(ValueError, match=words):
        load_test_set(name, model, root=cifar10_root)


def test_missing_data_and_senseless_limit(tmp_path):
    with pytest.raises(cifar10.DataMissing):
        load_test_set("cifar10", RGB, root=tmp_path)
    with pytest.raises(ValueError, match="limit"):
        load_test_set("digits", GREY, limit=0)
