"""The adversary-detection subnetworks of Metzen et al. (2017): one logit from an activation.

3x3 convolutions, each followed by batch normalisation and ReLU, the first of them also by 2x2
max-pooling; then a 1x1 convolution to one map, whose mean is the log-odds of "adversarial". On the
ResNet-32 for CIFAR-10 (Fig. 1) there are three, of 96, 192 and 192 maps, and a pooling behind the first
and the second; where the activation is already small, poolings are left out: the second at ``AD(3)``,
both at ``AD(4)``, so that the last map is 8x8 everywhere. On photographs (section 4.3) there are five
of 196 maps, and one pooling. The paper's last layer has two maps and a softmax, of which the
difference is the one map here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

SMALL = (96, 192, 192)
"""Maps of each convolution, for pictures of 32 x 32."""
LARGE = (196,) * 5
"""Those for photographs."""


class DetectorNet(nn.Module):
    """Activations ``[N, maps_in, H, W]`` to log-odds of "adversarial" ``[N]``.

    ``widths`` are the maps of the 3x3 convolutions, ``poolings`` is how many of them, from the first on,
    are followed by max-pooling. Raises ``ValueError`` for a number that is not from 0 to 2.
    """

    def __init__(self, maps_in: int, poolings: int = 2, widths: tuple[int, ...] = SMALL) -> None:
        super().__init__()
        if poolings not in (0, 1, 2):
            raise ValueError(f"poolings must be 0, 1 or 2; got {poolings!r}")
        self.maps_in = maps_in
        self.poolings = poolings
        layers: list[nn.Module] = []
        for i, (below, above) in enumerate(zip((maps_in, *widths), widths, strict=False)):
            layers += [nn.Conv2d(below, above, 3, padding=1), nn.BatchNorm2d(above), nn.ReLU(True)]
            if i < poolings:
                layers.append(nn.MaxPool2d(2))
        self.body = nn.Sequential(*layers)
        self.last = nn.Conv2d(widths[-1], 1, 1)

    def evidence(self, activation: Tensor) -> Tensor:
        """The map ``[N, 1, H', W']`` whose mean is the log-odds."""
        return self.last(self.body(activation))

    def forward(self, activation: Tensor) -> Tensor:
        return torch.mean(self.evidence(activation), dim=(1, 2, 3))


@dataclass(frozen=True)
class Attachment:
    """What a detector at one point reads, ``[N, *shape]``, and how it is made: see ``DetectorNet``.

    ``reads`` says in words what that activation is.
    """

    shape: tuple[int, int, int]
    poolings: int
    widths: tuple[int, ...] = SMALL
    reads: str = ""


def attachments(network: object) -> Mapping[str, Attachment]:
    """Where subnetworks are attached to a network, or to those of a class; none where it names none."""
    return getattr(network, "attachments", {})


def build(network: object, point: str) -> DetectorNet:
    """A fresh subnetwork for an attachment point of a network. Raises ``ValueError`` for others."""
    there = attachments(network)
    if point not in there:
        allowed = ", ".join(there) or "(none)"
        raise ValueError(f"point must be one of {allowed}; got {point!r}")
    found = there[point]
    with torch.device("cpu"):
        return DetectorNet(found.shape[0], found.poolings, found.widths).float()
