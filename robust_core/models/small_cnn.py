"""A convolutional network for 32x32 pictures with few enough ReLUs for bounds: 2,560."""

from torch import Tensor, nn


class SmallCNN(nn.Module):
    """Normalised pictures ``[N, 3, 32, 32]`` to logits ``[N, classes]``.

    Two convolutions with stride, 24 maps of 8x8 and 48 of 4x4, and two dense layers, the first of 256.
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 24, 6, stride=4, padding=1),
            nn.ReLU(),
            nn.Conv2d(24, 48, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(48 * 4 * 4, 256),
            nn.ReLU(),
            nn.Linear(256, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
