"""The class-conditional autoencoder: shapes, range, and that a code belongs to one class."""

import pytest
import torch

from robust_core.models import ClassConditionalAutoencoder


@pytest.mark.parametrize(
    ("channels", "size", "classes"), [(1, (8, 8), 10), (3, (32, 32), 10), (2, (13, 7), 3)]
)
def test_any_size_comes_back_in_the_unit_range(channels, size, classes):
    network = ClassConditionalAutoencoder(channels, size, classes, code=3, width=4)
    images = torch.rand(2, channels, *size)
    drawn = network(images, torch.tensor([0, classes - 1]))
    assert drawn.shape == images.shape
    assert drawn.min() >= 0
    assert drawn.max() <= 1


def test_only_the_code_of_the_class_reaches_the_decoder():
    network = ClassConditionalAutoencoder(1, (8, 8), 4, code=2, width=4)
    images, classes = torch.rand(3, 1, 8, 8), torch.tensor([0, 1, 3])
    drawn = network(images, classes)
    last = network.encoder[-1]
    with torch.no_grad():
        last.weight.view(4, 2, -1)[2] += 1  # the code of class 2, which none of them is
        assert torch.equal(network(images, classes), drawn)
        last.weight.view(4, 2, -1)[1] += 1
        changed = (network(images, classes) != drawn).flatten(1).any(1)
    assert changed.tolist() == [False, True, False]


def test_the_code_is_narrow():
    network = ClassConditionalAutoencoder(1, (8, 8), 10, code=8, width=16)
    assert network.encoder[-1].out_features == network.decoder[0].in_features == 80
    with torch.no_grad():
        network.encoder[-1].weight.zero_()
        network.encoder[-1].bias.zero_()
    drawn = network(torch.rand(2, 1, 8, 8), torch.tensor([0, 5]))
    torch.testing.assert_close(drawn, network.decoder(torch.zeros(2, 80)))
