"""A multilayer perceptron for scikit-learn's 8x8 grey digits, small enough to be verified exactly."""

from torch import Tensor, nn


class DigitsMLP(nn.Module):
    """Pictures ``[N, 1, 8, 8]`` to logits ``[N, classes]``: 64-100-100-10, with 200 ReLUs."""

    def __init__(self, classes: int = 10, width: int = 100) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(64, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)
