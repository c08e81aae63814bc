"""The network for traffic signs: its size, its points, and pictures that do not mix."""

import torch

from robust_core.models import SignsCNN


def test_it_is_as_small_as_it_says():
    parameters = sum(p.numel() for p in SignsCNN().parameters())
    assert parameters == 327_675
    assert parameters < 1_500_000


def test_points_have_the_shapes_that_detectors_are_made_for():
    network = SignsCNN().eval()
    pictures = torch.randn(2, 3, 32, 32)
    shapes = {point: tuple(a.shape[1:]) for point, a in network.walk(pictures)}
    assert tuple(shapes) == network.attachment_points
    assert [*shapes.values()] == [*((3, 32, 32), (16, 16, 16), (48, 8, 8), (96, 4, 4), (192, 4, 4))]
    for point, attachment in network.attachments.items():
        assert attachment.shape == shapes[point]
    assert network(pictures).shape == (2, 43)
    assert SignsCNN(7).eval()(pictures).shape == (2, 7)


def test_a_picture_alone_is_a_picture_in_a_batch():
    network = SignsCNN().eval()
    pictures = torch.randn(3, 3, 32, 32)
    assert torch.allclose(network(pictures)[1:2], network(pictures[1:2]), atol=1e-5)
