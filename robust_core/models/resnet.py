"""The 32-layer residual network for CIFAR-10 of Metzen et al. (2017), after He et al. (2016).

Layout: a 3x3 convolution to 16 maps, three stages of five residual blocks (16, 32, 64 maps; the
second and third start with stride 2), global average pooling, one dense layer. The shortcut is a
1x1 convolution with batch normalisation where the number of maps grows. 466,906 parameters.
"""

from typing import ClassVar

from torch import Tensor, nn

from robust_core.models.detector import Attachment
from robust_core.models.staged import Staged, kaiming


def _conv3x3(maps_in: int, maps_out: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(maps_in, maps_out, 3, stride, padding=1, bias=False)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions, each followed by batch normalisation, added to a shortcut."""

    def __init__(self, maps_in: int, maps_out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = _conv3x3(maps_in, maps_out, stride)
        self.bn1 = nn.BatchNorm2d(maps_out)
        self.conv2 = _conv3x3(maps_out, maps_out)
        self.bn2 = nn.BatchNorm2d(maps_out)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut: nn.Module = nn.Identity()
        if maps_in != maps_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(maps_in, maps_out, 1, stride, bias=False), nn.BatchNorm2d(maps_out)
            )

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(out)) + self.shortcut(x))


class ResNet32(Staged):
    """ResNet-32: normalised pictures ``[N, 3, 32, 32]`` to logits ``[N, classes]``.

    ``AD(1)`` is after the first convolution (16x32x32), ``AD(2)`` to ``AD(4)`` after each stage
    (16x32x32, 32x16x16, 64x8x8).
    """

    attachments: ClassVar = {
        "AD(0)": Attachment((3, 32, 32), 2, reads="the normalised picture itself"),
        "AD(1)": Attachment((16, 32, 32), 2, reads="what the first convolution makes of it"),
        "AD(2)": Attachment(
            (16, 32, 32), 2, reads="what the first five residual blocks make of it"
        ),
        "AD(3)": Attachment(
            (32, 16, 16), 1, reads="what the next five blocks make of it, at half the side"
        ),
        "AD(4)": Attachment(
            (64, 8, 8), 0, reads="what the last five blocks make of it, at a quarter of the side"
        ),
    }
    attachment_points = tuple(attachments)
    usual_point = "AD(2)"

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.stem = nn.Sequential(_conv3x3(3, 16), nn.BatchNorm2d(16), nn.ReLU(inplace=True))
        self.stage1 = stage(16, 16, blocks=5, stride=1)
        self.stage2 = stage(16, 32, blocks=5, stride=2)
        self.stage3 = stage(32, 64, blocks=5, stride=2)
        self.dense = nn.Linear(64, classes)
        kaiming(self)

    def parts(self) -> tuple[nn.Module, ...]:
        return self.stem, self.stage1, self.stage2, self.stage3


def stage(maps_in: int, maps_out: int, *, blocks: int, stride: int) -> nn.Sequential:
    """Residual blocks, of which the first changes the number of maps and the size."""
    first = ResidualBlock(maps_in, maps_out, stride)
    return nn.Sequential(first, *(ResidualBlock(maps_out, maps_out) for _ in range(blocks - 1)))
