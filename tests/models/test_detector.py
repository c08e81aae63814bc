"""The detector subnetwork as Metzen et al. describe it."""

import pytest
import torch
from torch import nn

from robust_core.models import DetectorNet, PhotoResNet, ResNet32, SelectedVGG
from robust_core.models.detector import build

# 9 * (maps * 96 + 96 * 192 + 192 * 192) weights, 480 biases, 960 of batch normalisation, 193 at last.
PARAMETERS = {
    "AD(0)": 501_889,
    "AD(1)": 513_121,
    "AD(2)": 513_121,
    "AD(3)": 526_945,
    "AD(4)": 554_593,
}


@pytest.fixture(params=ResNet32.attachments)
def point(request) -> str:
    return request.param


def test_number_of_parameters(point):
    maps = ResNet32.attachments[point].shape[0]
    count = sum(p.numel() for p in build(ResNet32, point).parameters())
    assert count == PARAMETERS[point]
    assert count == 9 * (maps * 96 + 96 * 192 + 192 * 192) + 480 + 960 + 193
    assert 501_500 <= count <= 555_000
    assert count > sum(p.numel() for p in ResNet32().parameters())  # larger than the classifier


def test_points_and_shapes_are_those_of_the_classifier(point):
    network = ResNet32().eval()
    assert tuple(ResNet32.attachments) == network.attachment_points
    activation = network.features(torch.rand(2, 3, 32, 32), point)
    assert activation.shape == (2, *ResNet32.attachments[point].shape)
    assert build(ResNet32, point)(activation).shape == (2,)


def test_the_last_map_is_8x8_at_every_point(point):
    net = build(ResNet32, point).eval()
    activation = torch.rand(3, *ResNet32.attachments[point].shape)
    evidence = net.evidence(activation)
    assert evidence.shape == (3, 1, 8, 8)
    torch.testing.assert_close(net(activation), evidence.flatten(1).mean(1))


def test_layers_in_order(point):
    kinds = [type(m).__name__[:4] for m in build(ResNet32, point).body]
    block, pool = ["Conv", "Batc", "ReLU"], ["MaxP"]
    first, second = {"AD(3)": (pool, []), "AD(4)": ([], [])}.get(point, (pool, pool))
    assert kinds == block + first + block + second + block
    convolutions = [m for m in build(ResNet32, point).modules() if isinstance(m, nn.Conv2d)]
    assert [m.out_channels for m in convolutions] == [96, 192, 192, 1]
    assert [m.kernel_size for m in convolutions] == [(3, 3)] * 3 + [(1, 1)]


def test_on_photographs_there_are_five_convolutions_and_one_pooling():
    """Metzen et al. (2017), section 4.3, at the stride of 16 where it sits on VGG16."""
    assert list(PhotoResNet.attachments) == [PhotoResNet.usual_point] == ["AD(4)"]
    picture = torch.zeros(1, 3, 128, 128, device="meta")
    with torch.device("meta"):
        activation = PhotoResNet().features(picture, "AD(4)")
    assert activation.shape[1:] == PhotoResNet.attachments["AD(4)"].shape == (128, 8, 8)
    net = build(PhotoResNet, "AD(4)")
    block = ["Conv", "Batc", "ReLU"]
    assert [type(m).__name__[:4] for m in net.body] == block + ["MaxP"] + 4 * block
    convolutions = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
    assert [m.out_channels for m in convolutions] == [196] * 5 + [1]
    assert [m.kernel_size for m in convolutions] == [(3, 3)] * 5 + [(1, 1)]
    assert net.eval().evidence(torch.rand(2, 128, 8, 8)).shape == (2, 1, 4, 4)
    count = 9 * (128 * 196 + 4 * 196 * 196) + 5 * 196 * 3 + 197
    assert sum(p.numel() for p in net.parameters()) == count == 1_611_905


def test_on_vgg16_it_reads_the_fourth_max_pooling():
    """Metzen et al. (2017), section 4.3: about 2.29 million parameters."""
    assert list(SelectedVGG.attachments) == [SelectedVGG.usual_point] == ["AD(4)"]
    assert SelectedVGG.attachments["AD(4)"].shape == (512, 14, 14)
    net = build(SelectedVGG, "AD(4)").eval()
    assert net.evidence(torch.rand(1, 512, 14, 14)).shape == (1, 1, 7, 7)
    count = 9 * (512 * 196 + 4 * 196 * 196) + 5 * 196 * 3 + 197
    assert sum(p.numel() for p in net.parameters()) == count == 2_289_281


def test_one_network_reads_any_size():
    assert DetectorNet(5, 1).eval()(torch.rand(1, 5, 6, 10)).shape == (1,)


def test_the_activation_is_not_written_to():
    """ReLU works in place, but never on what the classifier goes on with."""
    activation = torch.randn(2, 64, 8, 8)
    before = activation.clone()
    build(ResNet32, "AD(4)")(activation)
    assert torch.equal(activation, before)


@pytest.mark.parametrize("point", ["AD(5)", "ad(2)", "", None])
def test_an_unknown_point_lists_the_known_ones(point):
    with pytest.raises(ValueError, match=r"^point must be one of AD\(0\), .*AD\(4\); got "):
        build(ResNet32, point)


@pytest.mark.parametrize("poolings", [-1, 3, 1.5])
def test_an_unknown_number_of_poolings(poolings):
    with pytest.raises(ValueError, match=r"^poolings must be 0, 1 or 2; got "):
        DetectorNet(3, poolings)
