"""An 18-layer residual network for photographs of 128 x 128, after He et al. (2016), at half their widths.

Layout: two 3x3 convolutions of stride 2 to 16 and 32 maps, four stages of two residual blocks (32, 64,
128, 256 maps; all but the first start with stride 2), global average pooling, one dense layer.
2,801,818 parameters with ten classes.
"""

from typing import ClassVar

from torch import nn

from robust_core.models.detector import LARGE, Attachment
from robust_core.models.resnet import stage
from robust_core.models.staged import Staged, kaiming

WIDTHS = (32, 64, 128, 256)
READS = "what the first six of eight residual blocks make of it, at a sixteenth of the side"
"""What a detector at the usual point is given."""


class PhotoResNet(Staged):
    """Normalised pictures ``[N, 3, H, W]`` of any size to logits ``[N, classes]``.

    At 128 x 128, ``AD(1)`` is after the stem (32x32x32), ``AD(2)`` to ``AD(5)`` after each stage
    (32x32x32, 64x16x16, 128x8x8, 256x4x4): ``AD(4)`` has the stride of 16 at which the detector of
    Metzen et al. (2017), section 4.3, sits on VGG16.
    """

    attachment_points = ("AD(0)", "AD(1)", "AD(2)", "AD(3)", "AD(4)", "AD(5)")
    attachments: ClassVar = {"AD(4)": Attachment((128, 8, 8), 1, LARGE, READS)}
    usual_point = "AD(4)"

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        first, *later = WIDTHS
        self.stem = nn.Sequential(
            nn.Conv2d(3, first // 2, 3, 2, padding=1, bias=False),
            nn.BatchNorm2d(first // 2),
            nn.ReLU(inplace=True),
            nn.Conv2d(first // 2, first, 3, 2, padding=1, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(inplace=True),
        )
        stages = [stage(first, first, blocks=2, stride=1)]
        for maps_in, maps_out in zip(WIDTHS, later, strict=False):
            stages.append(stage(maps_in, maps_out, blocks=2, stride=2))
        self.stages = nn.ModuleList(stages)
        self.dense = nn.Linear(WIDTHS[-1], classes)
        kaiming(self)

    def parts(self) -> tuple[nn.Module, ...]:
        return self.stem, *self.stages
