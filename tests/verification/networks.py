"""Small networks with known answers, and the attack that a bound must survive: random points."""

import torch
from torch import Tensor, nn


def seeded(seed: int, build) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build().eval().requires_grad_(False)


class Residual(nn.Module):
    """Convolutions with batch normalisation and a shortcut, pooling of both kinds, own normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.norm.running_mean.uniform_(-0.5, 0.5)
        self.norm.running_var.uniform_(0.5, 2)
        self.second = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(2)
        self.mean = nn.AvgPool2d(3, stride=1, padding=1)
        self.last = nn.Linear(4, 3)
        self.register_buffer("centre", torch.tensor([0.4, 0.6]).view(1, 2, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = (x - self.centre) / 0.5
        x = self.norm(self.first(x))
        y = self.relu(x.clone())
        x = torch.relu(self.second(y)) + x
        x = self.mean(self.pool(x))
        return self.last(x.mean(dim=(2, 3)))


def perceptron(seed: int = 0, pixels: int = 6, width: int = 8, classes: int = 3) -> nn.Module:
    """Pictures ``[N, 1, 1, pixels]``."""
    return seeded(
        seed,
        lambda: nn.Sequential(
            nn.Flatten(),
            nn.Linear(pixels, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, classes),
        ),
    )


def residual(seed: int = 0) -> nn.Module:
    """Pictures ``[N, 2, H, W]`` of any even size."""
    return seeded(seed, Residual)


def pictures(seed: int, *shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def inside(images: Tensor, eps: float, count: int, norm: str, seed: int = 0) -> Tensor:
    """``count`` random points of each ball, half of them at corners, ``[count, N, C, H, W]`` float64."""
    generator = torch.Generator().manual_seed(seed)
    shape = (count, *images.shape)
    if norm == "linf":
        noise = torch.rand(shape, generator=generator, dtype=torch.float64) * 2 - 1
        noise[::2] = noise[::2].sign()
        noise = noise * eps
    else:
        noise = torch.randn(shape, generator=generator, dtype=torch.float64)
        noise = noise / noise.flatten(2).norm(dim=2).view(count, -1, 1, 1, 1) * eps
    return (images.double() + noise).clamp(0, 1)


def margins(model: nn.Module, points: Tensor, labels: Tensor) -> Tensor:
    """The margin against each class ``[count, N, K]`` in float64, infinite for the label."""
    model = model.double()
    logits = torch.stack([model(point) for point in points])
    model.float()
    index = labels.view(1, -1, 1).expand(len(points), -1, 1)
    return (logits.gather(2, index) - logits).scatter(2, index, torch.inf)
