"""Checking in a process of its own: the same network, and an end to what takes too long."""

import time

import pytest
import torch

from robust_core.zoo.own.apart import checked_apart
from robust_core.zoo.own.checking import checked
from tests.onnx_files import classifier, exported
from tests.zoo.own.networks import vit


def test_the_network_is_the_one_that_is_read_here():
    content = exported(vit(), (3, 16, 16), any_number=False)
    apart, here = checked_apart(content), checked(content)
    images = torch.rand(2, 3, 16, 16)
    assert torch.equal(apart.network(images), here.network(images))
    assert (apart.sha256, apart.size, apart.classes, apart.notes) == (
        here.sha256,
        here.size,
        here.classes,
        here.notes,
    )


def test_the_sentence_of_a_refusal_comes_back():
    with pytest.raises(ValueError, match="channels first"):
        checked_apart(classifier(shape=("n", 8, 8, 3)).SerializeToString())


def test_what_takes_too_long_or_is_not_wanted_any_more_is_ended():
    content = classifier().SerializeToString()
    with pytest.raises(ValueError, match="more than 0 seconds"):
        checked_apart(content, seconds=0)

    def stop() -> None:
        raise KeyboardInterrupt

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        checked_apart(content, check=stop)
    assert time.monotonic() - begun < 5
