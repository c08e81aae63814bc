"""A small convolutional network for traffic signs of 32 x 32, in the manner of VGG.

Layout: blocks of 3x3 convolutions with batch normalisation and ReLU, 16 maps once, 48 and 96 maps twice,
192 maps once; all but the last block end with 2x2 max-pooling; global average pooling, one dense layer.
327,675 parameters with 43 classes.
"""

from typing import ClassVar

from torch import nn

from robust_core.models.detector import Attachment
from robust_core.models.staged import Staged, kaiming

BLOCKS = ((16,), (48, 48), (96, 96), (192,))
"""Maps of each block's convolutions."""


class SignsCNN(Staged):
    """Normalised pictures ``[N, 3, 32, 32]`` to logits ``[N, classes]``.

    ``AD(1)`` to ``AD(4)`` are after each block (16x16x16, 48x8x8, 96x4x4, 192x4x4).
    """

    attachment_points = ("AD(0)", "AD(1)", "AD(2)", "AD(3)", "AD(4)")
    attachments: ClassVar = {
        "AD(1)": Attachment(
            (16, 16, 16), 1, reads="what the first convolution makes of it, at half the side"
        ),
        "AD(2)": Attachment(
            (48, 8, 8),
            0,
            reads="what the first three convolutions make of it, at a quarter of the side",
        ),
    }
    usual_point = "AD(2)"

    def __init__(self, classes: int = 43) -> None:
        super().__init__()
        blocks, below = [], 3
        for widths in BLOCKS:
            blocks.append(_block(below, widths, pooled=widths is not BLOCKS[-1]))
            below = widths[-1]
        self.blocks = nn.ModuleList(blocks)
        self.dense = nn.Linear(below, classes)
        kaiming(self)

    def parts(self) -> tuple[nn.Module, ...]:
        return tuple(self.blocks)


def _block(below: int, widths: tuple[int, ...], *, pooled: bool) -> nn.Sequential:
    layers: list[nn.Module] = []
    for maps in widths:
        layers += [
            nn.Conv2d(below, maps, 3, padding=1, bias=False),
            nn.BatchNorm2d(maps),
            nn.ReLU(inplace=True),
        ]
        below = maps
    return nn.Sequential(*layers, *([nn.MaxPool2d(2)] if pooled else []))
