"""Projection of one perturbation onto its ball around 0, and its steps."""

import torch
from torch import Tensor

from robust_core.attacks.balls import TINY


def project(delta: Tensor, eps: float, norm: str) -> Tensor:
    """The nearest perturbation of at most ``eps``; one inside stays as it is (Moosavi-Dezfooli, 2017).

    Linf: ``sign(v) min(|v|, eps)``. L2: ``v min(1, eps / ||v||)``.
    """
    if norm == "linf":
        return delta.clamp(-eps, eps)
    length = delta.double().norm()
    if length <= eps:
        return delta
    return (delta.double() * (eps / length.clamp_min(TINY))).to(delta.dtype)


def length(delta: Tensor, norm: str) -> float:
    """The size of a perturbation, in float64."""
    order = torch.inf if norm == "linf" else 2
    return torch.linalg.vector_norm(delta.double(), order).item()
