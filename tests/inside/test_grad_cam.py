"""Grad-CAM: the class activation map where a network ends in global average pooling, and refusals."""

import pytest
import torch
from torch import nn

from robust_core import zoo
from robust_core.inside import NoMapError, grad_cam


def test_a_linear_network_with_average_pooling_has_its_class_activation_map(classifier, pictures):
    """There alpha_k is w_ck / (h w), so that the map is ReLU(sum_k w_ck A^k) / (h w)."""
    model = classifier(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    images, classes = pictures(5, (3, 6, 5)), torch.tensor([0, 1, 2, 1, 0])
    conv, dense = model.network[0], model.network[3]
    maps = conv(images)
    cam = torch.einsum("nk,nkij->nij", dense.weight[classes], maps) / 12
    found = grad_cam(model, images, classes)
    assert (found.layer, found.features, found.tokens) == ("0", 4, False)
    torch.testing.assert_close(found.values, cam.relu().float())
    assert (found.values > 0).any()
    alone = grad_cam(model, images[2:3], classes[2:3])
    torch.testing.assert_close(alone.values, found.values[2:3])
    assert all(weight.grad is None for weight in model.parameters())


def test_the_bundled_residual_network_has_its_class_activation_map():
    model = zoo.load("cifar10-resnet32", "cpu")
    generator = torch.Generator().manual_seed(0)
    images, classes = torch.rand(2, 3, 32, 32, generator=generator), torch.tensor([3, 7])
    found = grad_cam(model, images, classes)
    maps = model.network.features(model.normalise(images), "AD(4)")
    cam = torch.einsum("nk,nkij->nij", model.network.dense.weight[classes], maps) / 64
    assert found.layer == "stage3"
    torch.testing.assert_close(found.values, cam.relu(), rtol=1e-3, atol=1e-6)


class Tokens(nn.Module):
    """Patches as tokens behind one for the class, which alone is read if ``by_class``."""

    def __init__(self, by_class: bool) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, 4, 2, stride=2)
        self.mixed = nn.Linear(4, 4)
        self.head = nn.Linear(4, 3)
        self.by_class = by_class

    def forward(self, x):
        patches = self.patches(x).flatten(2).transpose(1, 2)
        tokens = self.mixed(torch.cat([patches.mean(1, keepdim=True), patches], 1))
        return self.head(tokens[:, 0] if self.by_class else tokens[:, 1:].mean(1))


@pytest.mark.parametrize("by_class", [False, True])
def test_tokens_are_laid_out_as_the_patches_were(classifier, pictures, by_class):
    model = classifier(Tokens(by_class), channels=1, size=(6, 4))
    images, classes = pictures(3, (1, 6, 4)), torch.tensor([2, 0, 1])
    network = model.network[0]
    found = grad_cam(model, images, classes)
    maps = network.patches(images)
    weights = network.head.weight[classes]
    if by_class:  # the tokens of the patches are not read: the last thing that is are the patches
        assert (found.layer, found.tokens) == ("0.patches", False)
        cam = torch.einsum("nk,nkij->nij", weights @ network.mixed.weight, maps) / 6
    else:
        assert (found.layer, found.tokens, found.features) == ("0.mixed", True, 4)
        mixed = network.mixed(maps.flatten(2).transpose(1, 2)).transpose(1, 2).unflatten(2, (3, 2))
        cam = torch.einsum("nk,nkij->nij", weights, mixed) / 6
    torch.testing.assert_close(found.values, cam.relu().float())


def test_the_last_maps_of_a_vision_transformer_are_tokens_that_are_still_read(transformer):
    found = grad_cam(transformer, torch.rand(2, 3, 16, 16), torch.tensor([1, 2]))
    assert found.tokens
    assert found.layer == "encoder.layers.encoder_layer_1.ln_1"
    assert found.values.shape == (2, 2, 2)


def test_a_perceptron_has_nowhere_to_look(pictures):
    model = zoo.load("digits-mlp", "cpu")
    with pytest.raises(NoMapError, match="the network digits-mlp has no feature maps"):
        grad_cam(model, pictures(1, (1, 8, 8), torch.float32), torch.tensor([0]))


def test_a_class_for_each_picture(classifier, pictures):
    model = classifier(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(48, 3))
    with pytest.raises(ValueError, match="one for each of 2 pictures"):
        grad_cam(model, pictures(2, (3, 6, 5)), torch.tensor([0]))
