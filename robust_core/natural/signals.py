"""A simulated sensor: one heart beat as an electrode would see it, and a small network that names its kind.

No patient was measured: a beat is a sum of Gaussian bumps, an idea of McSharry et al. (2003), on a
wandering baseline, with the sensor's noise. A signal is a picture of one row,
``[N, 1, 1, LENGTH]`` in [0, 1], so that every attack on pictures works on it as it is.
"""

import torch
from torch import Tensor, nn

from robust_core.attacks.physical.transformation import generator_of
from robust_core.classifier import Classifier

LENGTH = 128
"""Samples of a beat; at 128 a second, a second."""
CLASSES = ("normal", "ventricular", "ST elevation")
SENSOR = 0.015
"""Deviation of the sensor's own noise, of the full scale."""
BUMPS = {
    "normal": (
        (0.30, 0.025, 0.12),
        (0.42, 0.010, -0.10),
        (0.45, 0.012, 0.80),
        (0.48, 0.012, -0.18),
        (0.66, 0.040, 0.22),
    ),
    "ventricular": ((0.45, 0.040, 0.75), (0.54, 0.030, -0.25), (0.68, 0.050, -0.16)),
    "ST elevation": (
        (0.30, 0.025, 0.12),
        (0.42, 0.010, -0.10),
        (0.45, 0.012, 0.75),
        (0.54, 0.035, 0.22),
        (0.64, 0.050, 0.30),
    ),
}
"""Of each class: middle, width and height of its bumps, in beats and in units of the tallest one."""
SCALE, BASE = 0.5, 0.35
MEAN, STD = (0.38,), (0.12,)


def beats(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """``count`` signals ``[N, 1, 1, LENGTH]`` in [0, 1], float32, and their classes ``[N]`` in turn.

    Beats differ in place, tempo, and the height of each bump; ``seed`` decides all. Raises ``ValueError``
    for a count below 1.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1; got {count}")
    generator = generator_of(seed, "beats")

    def uniform(*shape: int) -> Tensor:
        return 2 * torch.rand(*shape, generator=generator, dtype=torch.float32, device="cpu") - 1

    labels = torch.arange(count, device="cpu") % len(CLASSES)
    time = torch.arange(LENGTH, device="cpu") / LENGTH
    late, tempo = 0.05 * uniform(count, 1), 1 + 0.08 * uniform(count, 1)
    at = (time - 0.45 - late) * tempo + 0.45
    height = 1 + 0.2 * uniform(count, max(map(len, BUMPS.values())))
    waves = torch.zeros(count, LENGTH, dtype=torch.float32, device="cpu")
    for kind, name in enumerate(CLASSES):
        mine = labels == kind
        for k, (middle, width, tall) in enumerate(BUMPS[name]):
            bump = torch.exp(-0.5 * ((at[mine] - middle) / width) ** 2)
            waves[mine] += tall * height[mine, k : k + 1] * bump
    wander = 0.03 * torch.sin(2 * torch.pi * (time * 0.7 + uniform(count, 1)))
    noise = SENSOR * torch.randn(
        count, LENGTH, generator=generator, dtype=torch.float32, device="cpu"
    )
    signals = (BASE + SCALE * waves + wander + noise).clamp(0, 1)
    return signals[:, None, None], labels


class SignalNet(nn.Module):
    """Normalised signals ``[N, 1, 1, LENGTH]`` to logits ``[N, 3]``: three convolutions along time."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 8, (1, 9), padding=(0, 4)),
            nn.ReLU(),
            nn.MaxPool2d((1, 4)),
            nn.Conv2d(8, 16, (1, 7), padding=(0, 3)),
            nn.ReLU(),
            nn.MaxPool2d((1, 4)),
            nn.Conv2d(16, 16, (1, 3), padding=(0, 1)),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(128, len(CLASSES)),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


def classifier(network: nn.Module | None = None, seed: int = 0) -> Classifier:
    """A network as a classifier of beats; without one, fresh random weights by ``seed``."""
    if network is None:
        with torch.random.fork_rng(devices=[]), torch.device("cpu"):
            torch.manual_seed(seed)
            network = SignalNet().float()
    return Classifier(
        network,
        name="signal-cnn",
        class_names=CLASSES,
        input_size=(1, LENGTH),
        mean=MEAN,
        std=STD,
    )
