"""The adversary-detection subnetwork of Metzen et al. (2017, Fig. 1): one logit from an activation.

Three 3x3 convolutions of 96, 192 and 192 maps, each followed by batch normalisation and ReLU, with a
2x2 max-pooling behind the first and the second; then a 1x1 convolution to one map, whose mean is
the log-odds of "adversarial". Where the activation is already small, poolings are left out: the second
at ``AD(3)``, both at ``AD(4)``. So the last map is 8x8 at every attachment point of the ResNet-32.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

WIDTHS = (96, 192, 192)


class DetectorNet(nn.Module):
    """Activations ``[N, maps_in, H, W]`` to log-odds of "adversarial" ``[N]``.

    ``poolings`` is the number of max-poolings: 2, 1 (behind the first convolution only) or 0.
    Raises ``ValueError`` for another number.
    """

    def __init__(self, maps_in: int, poolings: int = 2) -> None:
        super().__init__()
        if poolings not in (0, 1, 2):
            raise ValueError(f"poolings must be 0, 1 or 2; got {poolings!r}")
        self.maps_in = maps_in
        self.poolings = poolings
        layers: list[nn.Module] = []
        for i, (below, above) in enumerate(zip((maps_in, *WIDTHS), WIDTHS, strict=False)):
            layers += [nn.Conv2d(below, above, 3, padding=1), nn.BatchNorm2d(above), nn.ReLU(True)]
            if i < poolings:
                layers.append(nn.MaxPool2d(2))
        self.body = nn.Sequential(*layers)
        self.last = nn.Conv2d(WIDTHS[-1], 1, 1)

    def evidence(self, activation: Tensor) -> Tensor:
        """The map ``[N, 1, H', W']`` whose mean is the log-odds."""
        return self.last(self.body(activation))

    def forward(self, activation: Tensor) -> Tensor:
        return torch.mean(self.evidence(activation), dim=(1, 2, 3))


@dataclass(frozen=True)
class Attachment:
    """What a detector at one point reads, ``[N, *shape]``, and how often it pools."""

    shape: tuple[int, int, int]
    poolings: int


ATTACHMENTS = {
    "AD(0)": Attachment((3, 32, 32), 2),
    "AD(1)": Attachment((16, 32, 32), 2),
    "AD(2)": Attachment((16, 32, 32), 2),
    "AD(3)": Attachment((32, 16, 16), 1),
    "AD(4)": Attachment((64, 8, 8), 0),
}
"""The attachment points of ``models.ResNet32``, by name."""


def build(point: str) -> DetectorNet:
    """A fresh subnetwork for an attachment point of the ResNet-32. Raises ``ValueError`` for others."""
    if point not in ATTACHMENTS:
        raise ValueError(f"point must be one of {', '.join(ATTACHMENTS)}; got {point!r}")
    attachment = ATTACHMENTS[point]
    with torch.device("cpu"):
        return DetectorNet(attachment.shape[0], attachment.poolings).float()
