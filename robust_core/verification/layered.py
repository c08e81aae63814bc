"""Bounds of every layer for one ball: what a picture of the method shows."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.verification.boxes import LINF, Ball
from robust_core.verification.checks import CROWN, IBP, check_method, radii_of
from robust_core.verification.hidden import hidden_bounds
from robust_core.verification.intervals import Interval, intervals
from robust_core.verification.models import compiled, module_of
from robust_core.verification.network import Network


@dataclass(frozen=True)
class LayerBounds:
    """What ReLUs of one layer read: lower and upper bounds, and values at the picture, ``[N, *shape]``."""

    name: str
    lower: Tensor
    upper: Tensor
    clean: Tensor

    @property
    def unstable(self) -> Tensor:
        """How many ReLUs the bounds leave undecided, int64 ``[N]``."""
        return ((self.lower < 0) & (self.upper > 0)).flatten(1).sum(1)


def layers_of(network: Network, known: list[Interval], clean: list[Tensor]) -> list[LayerBounds]:
    """Of each ReLU's layer, from intervals and values at the picture of all values."""
    return [
        LayerBounds(network.step_of(k).name if k else "picture", *known[k], clean[k])
        for k in network.activations
    ]


def layer_bounds(
    model: object,
    images: Tensor,
    eps: float | Tensor,
    method: str = CROWN,
    *,
    norm: str = LINF,
    network: Network | None = None,
) -> list[LayerBounds]:
    """The bounds before each ReLU over the balls of ``eps`` around ``images`` ``[N, C, H, W]``.

    ``method`` is ``ibp`` or ``crown``. ``network`` is the compiled model, where it is there already.
    Raises ``ValueError`` as ``verify`` does.
    """
    check_method(method, norm)
    if method not in (IBP, CROWN):
        raise ValueError(f"method must be {IBP} or {CROWN}, which bound layers; got {method!r}")
    with torch.no_grad():
        network = network or compiled(module_of(model), images)
        ball = Ball(
            images.detach().to(network.device, torch.float64),
            radii_of(eps, len(images)).to(network.device),
            norm,
        )
        known = intervals(network, ball) if method == IBP else hidden_bounds(network, ball).known
        clean = list(network.values(ball.centre))
    return layers_of(network, known, clean)
