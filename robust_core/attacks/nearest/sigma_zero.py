"""Sigma-zero: gradient descent on a smooth L0, and a threshold below which changes are dropped."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.balls import TINY, per_picture
from robust_core.attacks.margins import Look
from robust_core.attacks.nearest.norms import linf_norm
from robust_core.attacks.nearest.sparse import changes, counting_parameter, each, everywhere
from robust_core.attacks.nearest.walk import Walk, Walking, step_parameter
from robust_core.papers import CINA
from robust_core.parameters import parameter

RULE = (
    r"\min_\delta\; \max(%s, 0) + \frac1d\sum_i \frac{\delta_i^2}{\delta_i^2 + \sigma},"
    r"\quad \delta_i \leftarrow 0 \text{ where } |\delta_i| < \tau"
)
LARGEST_TAU = 1.0


@dataclass(frozen=True, kw_only=True)
class SigmaZero(Walking):
    """Sigma-zero, L0 (Cinà et al., 2025, algorithm 1).

    Each step goes down the gradient of what the margin lacks plus the smooth L0, divided by its largest
    value; then changes smaller than tau are dropped. Tau grows while the picture is adversarial and falls
    while it is not, by ``tau_factor`` times the length of the step. Plain descent, as in the paper's
    algorithm; its authors' code moves by Adam.
    """

    name = "sigma-zero"
    title = "Sigma-zero (L0)"
    summary = "Descends a smooth count of the changes, and drops the smallest."
    equation = RULE % r"Z_y - \max_{i \ne y} Z_i"
    equation_towards = RULE % r"\max_{i \ne t} Z_i - Z_t"
    paper = CINA
    norm = "l0"

    step_size: float = step_parameter(1.0, "the largest change of a value")
    sigma: float = parameter(
        1e-3, "Smoothness of the count: smaller is closer to L0.", above=0.0, high=1.0
    )
    tau: float = parameter(0.3, "First threshold for a change.", low=0.0, high=LARGEST_TAU)
    tau_factor: float = parameter(
        0.01, "Change of the threshold, as a share of the step.", low=0.0, high=1.0
    )
    counted: str = counting_parameter()

    def advance(self, now: Walk, seen: Look, reached: Tensor, nearest: Tensor, k: int) -> None:
        if k == 0:
            now.eps = torch.full_like(now.eps, self.tau)
        size, change = self.size(k), now.x - now.images
        down = self.count_slope(change) - seen.uphill * per_picture(~reached, change)
        step = size / linf_norm(down).clamp_min_(TINY)
        now.x = torch.addcmul(now.x, down, per_picture(-step, change)).clamp_(0, 1)
        further = self.tau_factor * size
        now.eps = torch.where(reached, now.eps + further, now.eps - further).clamp_(0, LARGEST_TAU)
        large = each(now.x - now.images, self.counted, order=torch.inf) >= now.eps.unsqueeze(1)
        now.x = torch.where(everywhere(large, change), now.x, now.images)

    def count_slope(self, change: Tensor) -> Tensor:
        """Gradient of the smooth count, as a share of all that could change."""
        square = each(change, self.counted).square()
        bent = everywhere(2 * self.sigma / (square + self.sigma).square(), change)
        return change * bent / square.shape[1]

    def length(self, change: Tensor) -> Tensor:
        return changes(change, self.counted)
