"""A small convolutional network for scikit-learn's 8x8 grey digits."""

from torch import Tensor, nn


class DigitsCNN(nn.Module):
    """Normalised pictures ``[N, 1, 8, 8]`` to logits ``[N, 10]``; trains in seconds on a CPU."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(32, 64, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(64 * 4 * 4, 64),
            nn.ReLU(inplace=True),
            nn.Linear(64, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
