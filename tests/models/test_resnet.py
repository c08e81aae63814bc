"""ResNet-32 as Metzen et al. describe it."""

import pytest
import torch

from robust_core.models import ResNet32

SIZES = [(3, 32), (16, 32), (16, 32), (32, 16), (64, 8)]
"""Channels and side at each attachment point."""
SHAPES = {f"AD({k})": (maps, side, side) for k, (maps, side) in enumerate(SIZES)}


@pytest.fixture(scope="module")
def network():
    return ResNet32().eval()


def test_number_of_parameters(network):
    assert sum(p.numel() for p in network.parameters()) == 466_906


def test_thirty_two_layers(network):
    """31 convolutions of 3x3 and the dense layer; the 1x1 shortcuts are not counted."""
    kernels = [m.kernel_size for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
    assert kernels.count((3, 3)) == 31
    assert kernels.count((1, 1)) == 2


def test_attachment_points_by_name(network):
    x = torch.rand(2, 3, 32, 32)
    assert network.attachment_points == tuple(SHAPES)
    for point, shape in SHAPES.items():
        assert network.features(x, point).shape == (2, *shape)
    assert torch.equal(network.features(x, "AD(0)"), x)
    with pytest.raises(ValueError, match=r"AD\(0\), .*got 'AD\(5\)'"):
        network.features(x, "AD(5)")


def test_activations_need_no_hooks_and_nothing_behind_them(network):
    x = torch.rand(1, 3, 32, 32)
    for module in network.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
    called = []
    handle = network.stage3.register_forward_hook(lambda *args: called.append(1))
    network.features(x, "AD(3)")
    assert called == []
    network.features(x, "AD(4)")
    assert called == [1]
    handle.remove()


def test_the_head_on_the_last_point_is_the_network(network):
    x = torch.rand(2, 3, 32, 32)
    assert torch.equal(network.head(network.features(x, "AD(4)")), network(x))


def test_walking_on_from_a_point_does_not_change_what_was_seen(network):
    """An in-place operation behind a point must not write into its activation."""
    x = torch.rand(2, 3, 32, 32)
    seen = {name: (tensor, tensor.clone()) for name, tensor in network.walk(x)}
    assert all(torch.equal(now, then) for now, then in seen.values())
