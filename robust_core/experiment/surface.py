"""The loss around a picture, along FGSM's direction and along a random one, and the plane that FGSM sees.

FGSM linearises the loss at the picture (Goodfellow et al., 2015, section 4): it sees the tangent plane and
takes the corner where that is highest. The surface over the same two directions is what is really there.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.experiment.pixels import Ascent, Measure, asked_odds
from robust_core.progress import Progress

REACH = 1.5
"""How far the surface goes, in units of eps."""


@dataclass(frozen=True)
class Surface:
    """Log-odds at ``clip(x + s sign(g) + t r)``, ``[len(axis), len(axis)]``: rows are t, columns s.

    ``r`` are random signs. ``axis`` are the Linf lengths s and t; ``x`` is at (0, 0), FGSM's corner at
    ``(eps, 0)``. ``slopes`` are ``|g|_1`` and ``g r``: those of the tangent plane, which knows nothing of
    clipping. ``here``, ``corner`` and ``aside`` are the log-odds at x, at the corner, and as far along the
    random direction on its steeper side.
    """

    eps: float
    axis: Tensor
    odds: Tensor
    slopes: tuple[float, float]
    here: float
    corner: float
    aside: float

    def plane(self, measure: Measure) -> Tensor:
        """The tangent plane of a loss over the same grid."""
        t, s = torch.meshgrid(self.axis, self.axis, indexing="ij")
        rise = s * self.slopes[0] + t * self.slopes[1]
        return measure.of(self.here) + measure.times(self.here) * rise

    def promised(self, measure: Measure) -> float:
        """What the tangent plane says of the corner: ``J + eps |g|_1``."""
        return measure.of(self.here) + measure.times(self.here) * self.eps * self.slopes[0]


def surface(
    model: Classifier,
    found: Ascent,
    *,
    points: int = 25,
    seed: int = 0,
    progress: Progress | None = None,
) -> Surface:
    """The log-odds on a grid of ``points`` x ``points``, ``points`` one more than a multiple of 6.

    Then x and the corner are on the grid; anything else raises ``ValueError``, as does an eps of 0.
    """
    if points < 7 or points % 6 != 1:
        raise ValueError(f"points must be 7, 13, 19, ...; got {points}")
    if not found.eps > 0:
        raise ValueError("eps must be above 0: otherwise the surface has no size")
    image, gradient = found.image.double(), found.gradient
    generator = torch.Generator().manual_seed(seed)
    coins = torch.randint(0, 2, image.shape, generator=generator, dtype=torch.int64, device="cpu")
    way, aside = gradient.sign(), 2.0 * coins.double() - 1
    steps = torch.arange(points, dtype=torch.float64, device="cpu") / (points - 1)
    axis = found.eps * REACH * (2 * steps - 1)
    t, s = torch.meshgrid(axis, axis, indexing="ij")
    rows = torch.stack([s.flatten(), t.flatten()], 1)

    def pictures(some: Tensor) -> Tensor:
        a, b = (some[:, k].view(-1, 1, 1, 1) for k in (0, 1))
        return (image + a * way + b * aside).clamp(0, 1).to(found.image.dtype)

    seen = asked_odds(model, pictures, rows, found.label.index, progress)
    odds = seen.view(points, points)
    slopes = gradient.abs().sum().item(), (gradient * aside).sum().item()
    middle, end = (points - 1) // 2, (points - 1) // 2 + (points - 1) // 3
    row = end if slopes[1] >= 0 else 2 * middle - end
    corners = (odds[middle, middle], odds[middle, end], odds[row, middle])
    return Surface(found.eps, axis, odds, slopes, *(each.item() for each in corners))
