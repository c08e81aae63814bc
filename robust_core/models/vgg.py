"""torchvision's VGG (Simonyan and Zisserman, 2015) with named activations and some of its logits only.

Metzen et al. (2017), section 4.3, put a selection layer behind VGG16 that keeps 10 of its 1,000 logits.
"""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from robust_core.models.detector import LARGE, Attachment
from robust_core.models.staged import Staged

READS = "what the first ten convolutions make of it, pooled four times"
"""What a detector at the usual point is given."""


class SelectedVGG(Staged):
    """Normalised pictures ``[N, 3, H, W]`` to the logits of the ``kept`` classes, in that order.

    ``AD(0)`` is the input, ``AD(1)`` to ``AD(5)`` are after each max pooling; of VGG16 at 224 x 224 they
    are 64x112x112, 128x56x56, 256x28x28, 512x14x14 and 512x7x7. ``network`` is torchvision's: its layers
    become part of this module.
    """

    attachment_points = ("AD(0)", "AD(1)", "AD(2)", "AD(3)", "AD(4)", "AD(5)")
    attachments: ClassVar = {"AD(4)": Attachment((512, 14, 14), 1, LARGE, READS)}
    usual_point = "AD(4)"
    kept: Tensor

    def __init__(self, network: Any, kept: Sequence[int]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(_blocks(network.features))
        self.pool = network.avgpool
        self.classifier = network.classifier
        where = next(network.parameters()).device
        self.register_buffer("kept", torch.tensor(kept, dtype=torch.int64, device=where))

    def parts(self) -> tuple[nn.Module, ...]:
        return tuple(self.blocks)

    def head(self, activation: Tensor) -> Tensor:
        logits = self.classifier(self.pool(activation).flatten(1))
        return logits.index_select(1, self.kept)


def _blocks(layers: nn.Module) -> Iterator[nn.Sequential]:
    """The layers up to each max pooling."""
    block: list[nn.Module] = []
    for layer in layers.children():
        block.append(layer)
        if isinstance(layer, nn.MaxPool2d):
            yield nn.Sequential(*block)
            block = []
