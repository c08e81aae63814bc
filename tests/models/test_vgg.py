"""VGG16 of ten classes: the activations and sizes of the deck's experiment, on a device without memory."""

import pytest
import torch
import torchvision

from robust_core.models import SelectedVGG

SHAPES = {
    "AD(0)": (3, 224, 224),
    "AD(1)": (64, 112, 112),
    "AD(2)": (128, 56, 56),
    "AD(3)": (256, 28, 28),
    "AD(4)": (512, 14, 14),
    "AD(5)": (512, 7, 7),
}
KEPT = (7, 3, 999)


@pytest.fixture(scope="module")
def networks():
    with torch.device("meta"):
        whole = torchvision.models.vgg16()
        return whole, SelectedVGG(whole, KEPT).eval()


def test_activations_after_each_pooling_by_name(networks):
    _, network = networks
    x = torch.rand(2, 3, 224, 224, device="meta")
    assert network.attachment_points == tuple(SHAPES)
    for point, shape in SHAPES.items():
        assert network.features(x, point).shape == (2, *shape)
    assert network.features(x, "AD(0)") is x
    assert network(x).shape == (2, len(KEPT))


def test_it_has_the_layers_of_the_network_and_no_others(networks):
    whole, network = networks
    assert sum(p.numel() for p in network.parameters()) == 138_357_544
    assert [id(p) for p in network.parameters()] == [id(p) for p in whole.parameters()]
