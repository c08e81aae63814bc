"""A convolutional network of bounded units, to be trained into saturation.

Nayebi and Ganguli (2017) defend networks by pushing their units into the flat parts of the
non-linearity, where the gradient with respect to the picture vanishes.
"""

import torch
from torch import Tensor, nn

WIDTHS = (32, 64, 64, 128, 128)


class SaturatedCNN(nn.Module):
    """Normalised pictures ``[N, channels, H, W]`` of any size to logits ``[N, classes]``.

    3x3 convolutions of ``widths`` maps, every second with stride 2, each followed by batch
    normalisation and tanh; then global average pooling and one dense layer. Batch normalisation is what
    makes units saturate: its gains decide how far into the flat parts they are driven.
    """

    def __init__(
        self, channels: int = 3, widths: tuple[int, ...] = WIDTHS, classes: int = 10
    ) -> None:
        super().__init__()
        layers = []
        below = channels
        for i, above in enumerate(widths):
            conv = nn.Conv2d(below, above, 3, stride=1 + i % 2, padding=1, bias=False)
            layers.append(nn.Sequential(conv, nn.BatchNorm2d(above), nn.Tanh()))
            below = above
        self.layers = nn.ModuleList(layers)
        self.dense = nn.Linear(below, classes)

    def hidden(self, x: Tensor) -> list[Tensor]:
        """The outputs of each layer's units, in [-1, 1], first layer first: ``[N, maps, H', W']``."""
        units = []
        for layer in self.layers:
            x = layer(x)
            units.append(x)
        return units

    def head(self, units: Tensor) -> Tensor:
        """Logits from the units of the last layer."""
        return self.dense(torch.mean(units, dim=(2, 3)))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.hidden(x)[-1])
