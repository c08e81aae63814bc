"""A convolutional network for 32x32 pictures with few enough ReLUs for bounds: 2,944."""

from torch import Tensor, nn


class SmallCNN(nn.Module):
    """Normalised pictures ``[N, 3, 32, 32]`` to logits ``[N, classes]``.

    Two convolutions with stride 2, 7 maps of 16x16 and 14 of 8x8, and two dense layers, the first of 256.
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 7, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(7, 14, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(14 * 8 * 8, 256),
            nn.ReLU(),
            nn.Linear(256, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
