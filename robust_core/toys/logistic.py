"""Logistic regression, where FGSM is the exact worst case and adversarial training a penalty.

Goodfellow, Shlens, Szegedy (2015), section 5. Labels are -1 and 1, the loss of a picture with the margin
``m = y (w x + b)`` is ``softplus(-m)``. No change of at most ``eps`` for each pixel lowers the margin by
more than ``eps |w|_1``, and ``-eps y sign(w)`` lowers it by just that.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Logistic(NamedTuple):
    """Weights ``[d]`` and a bias, float64."""

    weights: Tensor
    bias: float

    @property
    def l1(self) -> float:
        """``|w|_1``: what a change of 1 for each pixel takes from the margin."""
        return self.weights.abs().sum().item()

    def margin(self, x: Tensor, y: Tensor) -> Tensor:
        """``y (w x + b)`` of rows ``[N, d]`` with labels -1 or 1 ``[N]``: ``[N]``, positive if right."""
        return y * (x @ self.weights + self.bias)

    def loss(self, x: Tensor, y: Tensor) -> Tensor:
        """``softplus(-margin)``, ``[N]``."""
        return plain(self.margin(x, y))


def plain(margin: Tensor) -> Tensor:
    """``softplus(-m)``."""
    return F.softplus(-margin)


def adversarial(margin: Tensor, eps: float, l1: float) -> Tensor:
    """``softplus(eps |w|_1 - m)``: the largest loss within ``eps``, the penalty inside the softplus.

    Raises ``ValueError`` for a negative eps or norm.
    """
    return F.softplus(_penalty(eps, l1) - margin)


def decayed(margin: Tensor, eps: float, l1: float) -> Tensor:
    """``softplus(-m) + eps |w|_1``: L1 weight decay, the same penalty outside the softplus."""
    return F.softplus(-margin) + _penalty(eps, l1)


def fgsm(model: Logistic, x: Tensor, y: Tensor, eps: float) -> Tensor:
    """``x + eps sign(grad)``, with the gradient by automatic differentiation and without clipping.

    Raises ``ValueError`` for a negative eps.
    """
    _penalty(eps, 1.0)
    x = x.detach().clone().requires_grad_()
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(model.loss(x, y).sum(), x)
    return (x + eps * gradient.sign()).detach()


def fit(x: Tensor, y: Tensor, strength: float = 1.0) -> Logistic:
    """Fit by scikit-learn with an L2 penalty of ``1 / (2 strength)``; ``x`` ``[N, d]``, ``y`` -1 or 1."""
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression(C=strength, max_iter=1000).fit(x.double().numpy(), y.numpy())
    return Logistic(torch.from_numpy(found.coef_[0]).double(), float(found.intercept_[0]))


def two_digits(split: str, pair: tuple[int, int] = (3, 8)) -> tuple[Tensor, Tensor]:
    """Pictures of two digits as rows, float64 ``[N, 64]`` in [0, 1]; the second is 1, the first -1."""
    from robust_core.data import digits

    images, labels = digits.load(split)
    chosen = (labels == pair[0]) | (labels == pair[1])
    signs = torch.where(labels[chosen] == pair[1], 1.0, -1.0).double()
    return images[chosen].flatten(1).double(), signs


def _penalty(eps: float, l1: float) -> float:
    for name, value in (("eps", eps), ("l1", l1)):
        if not value >= 0:
            raise ValueError(f"{name} must be a number of 0 or more; got {value!r}")
    return eps * l1
