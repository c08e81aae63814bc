"""Random resizing and padding (Xie et al., 2018), broken by averaging over its draws."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core.attacks.balls import own_generators
from robust_core.classifier import Classifier
from robust_core.defenses.base import Defense, register
from robust_core.defenses.gradients import DEPLOYED, EXPECTED, in_chunks, log_mean
from robust_core.papers import ATHALYE, XIE
from robust_core.parameters import parameter


@register
@dataclass(frozen=True, kw_only=True)
class RandomResizePad(Defense):
    """The picture is shrunk to a random size and put at a random place, with black around it.

    Xie et al. (2018), section 3: there a picture of 299 pixels is enlarged to 299 ... 331 in a frame of
    331; here the frame has the picture's own size, so that every network takes it. The draw depends on
    the picture and ``seed``: a changed picture gets another draw.
    """

    name = "random-resize-pad"
    title = "Random resize and pad"
    summary = "The network sees the picture at a random size and place."
    equation = r"f\big(t(x)\big),\quad t \sim T"
    paper = XIE
    kind = "filter"
    breaker = ATHALYE
    broken_by = (
        "The attacker does not know the draw, but can average the gradient over many (EOT): the "
        "perturbation then works for nearly all of them."
    )
    aware = "Through the filter, averaged over draws (EOT)."

    smallest: float = parameter(
        0.85, "The smallest scale; 1 leaves the picture unchanged.", low=0.5, high=1.0
    )
    draws: int = parameter(16, "Draws that an adaptive attack averages over.", low=1, high=100)
    seed: int = parameter(0, "Seed of the draws.", low=0, high=2**31 - 1)

    def seen(self, images: Tensor) -> Tensor:
        return self._moved(images, self._chance(images, 1, DEPLOYED))

    def adaptive(self, model: Classifier, images: Tensor) -> Tensor:
        chance = self._chance(images, self.draws, EXPECTED)
        repeated = images.repeat_interleave(self.draws, dim=0)
        logits = in_chunks(lambda x, c: model(self._moved(x, c)), repeated, chance)
        return log_mean(logits, self.draws)

    def _chance(self, images: Tensor, draws: int, use: int) -> Tensor:
        """Three numbers in [0, 1) for each draw, ``[N * draws, 3]``: scale, place down and across."""
        each = [
            torch.rand(draws, 3, generator=g, dtype=torch.float32, device="cpu")
            for g in own_generators(images, self.seed, use)
        ]
        return torch.cat(each).to(images)

    def _moved(self, images: Tensor, chance: Tensor) -> Tensor:
        """Bilinear, differentiable; what lies outside the smaller picture is 0."""
        if self.smallest == 1:
            return images
        scale = self.smallest + (1 - self.smallest) * chance[:, 0]
        away = (1 - scale).unsqueeze(1) * (2 * chance[:, 1:] - 1)  # of the centre, in half sides
        theta = torch.zeros(len(images), 2, 3, dtype=images.dtype, device=images.device)
        theta[:, 0, 0] = theta[:, 1, 1] = 1 / scale
        theta[:, :, 2] = away.flip(1) / scale.unsqueeze(1)
        grid = F.affine_grid(theta, list(images.shape), align_corners=False)
        return F.grid_sample(images, grid, align_corners=False)
