"""A small autoencoder with a code for each class: it rebuilds a picture as one of a given class.

In the manner of the masked capsules of Frosst, Sabour, Hinton (2018), "DARCCC: detecting adversaries by
reconstruction from class conditional capsules", section 3, and of the convolutional CNN+CR of Qin et
al. (2020), "Detecting and diagnosing adversarial images with class-conditional capsule reconstructions".
"""

import torch.nn.functional as F
from torch import Tensor, nn

SMALLEST = 4
"""The maps are halved while their shorter side is longer than this."""


class ClassConditionalAutoencoder(nn.Module):
    """Pictures ``[N, C, H, W]`` in [0, 1] and classes ``[N]`` to pictures of the same shape in [0, 1].

    The encoder writes ``code`` numbers for each class; only those of the given class go to the
    decoder, which can therefore draw only pictures of that class. ``width`` is the number of
    maps of the first convolution; it doubles where the side is halved.
    """

    def __init__(
        self, channels: int, size: tuple[int, int], classes: int, *, code: int = 8, width: int = 16
    ) -> None:
        super().__init__()
        self.classes = classes
        self.code = code
        down: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
        up: list[nn.Module] = []
        maps = width
        while min(size) > SMALLEST:
            down += [nn.Conv2d(maps, 2 * maps, 3, stride=2, padding=1), nn.ReLU()]
            up = [nn.Upsample(size), nn.Conv2d(2 * maps, maps, 3, padding=1), nn.ReLU(), *up]
            maps = 2 * maps
            size = (-(-size[0] // 2), -(-size[1] // 2))
        values = maps * size[0] * size[1]
        self.encoder = nn.Sequential(*down, nn.Flatten(), nn.Linear(values, classes * code))
        self.decoder = nn.Sequential(
            nn.Linear(classes * code, values),
            nn.ReLU(),
            nn.Unflatten(1, (maps, *size)),
            *up,
            nn.Conv2d(width, channels, 3, padding=1),
            nn.Sigmoid(),
        )

    def forward(self, images: Tensor, classes: Tensor) -> Tensor:
        codes = self.encoder(images - 0.5).unflatten(1, (self.classes, self.code))
        chosen = F.one_hot(classes, self.classes).unsqueeze(2)
        return self.decoder((codes * chosen).flatten(1))
