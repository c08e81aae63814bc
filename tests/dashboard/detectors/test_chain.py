"""The chain of a classifier counts every weight once, marks one point, and fits any network of stages."""

import pytest
import torch

from robust_core import zoo
from robust_core.dashboard.detectors import chain
from robust_core.models import PhotoResNet, ResNet32
from robust_core.models.detector import build


def count(network) -> int:
    return sum(weight.numel() for weight in network.parameters())


@pytest.fixture
def small() -> chain.Chain:
    return chain.chain_of(zoo.skeleton("cifar10-resnet32"), (32, 32), "ResNet-32", 10)


def test_the_parts_of_the_chain_are_those_of_the_network(small):
    assert small.weights == count(ResNet32())
    assert small.links[0].weights == 0
    assert sum(link.weights for link in small.links) < small.weights  # the rest is the head
    assert small.detectors == {p: count(build(ResNet32, p)) for p in ResNet32.attachments}
    assert [link.shape for link in small.links] == [a.shape for a in small.attachments.values()]
    assert [link.short for link in small.links] == ["picture", "first conv", *["5 blocks"] * 3]


@pytest.mark.parametrize("point", ResNet32.attachments)
def test_the_chosen_point_alone_is_marked(small, point):
    html = chain.drawing(small, point)
    assert html.count("class='here'") == 1
    before = html.split("class='here'")[0]
    assert before.count("class=stage") == list(ResNet32.attachments).index(point)
    assert chain.in_words(ResNet32.attachments[point].shape) in chain.about(small, point)


def test_a_network_for_photographs_is_drawn_whole_and_read_at_one_point():
    found = chain.chain_of(zoo.skeleton("imagenette-resnet"), (128, 128), "ResNet-18", 10)
    assert found.weights == count(PhotoResNet())
    assert [link.point for link in found.links] == list(PhotoResNet.attachment_points)
    walked = PhotoResNet().eval().walk(torch.rand(1, 3, 128, 128))
    assert [link.shape for link in found.links] == [tuple(x.shape[1:]) for _, x in walked]
    assert [link.short for link in found.links] == ["picture", "2 convs", *["2 blocks"] * 4]
    told = chain.about(found, "AD(4)")
    assert told.startswith("**AD(4)** reads what the first six of eight residual blocks make of it")
    assert "128 × 8 × 8. The detector there: conv 196 → pool → conv 196 → conv 196" in told
    assert "1,611,905 parameters, beside 2,801,818 of the classifier" in told
    assert chain.drawing(found, "AD(4)").count("class='here'") == 1
