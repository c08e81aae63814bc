"""Distances between two pictures: one float64 value per pair."""

import math

import numpy as np
import torch
from torch import Tensor

UNCHANGED = 1e-6
"""A pixel counts as changed for L0 where any channel differs by more than this."""


def _delta(a: Tensor, b: Tensor) -> Tensor:
    return a.detach().cpu().double() - b.detach().cpu().double()


def l0(a: Tensor, b: Tensor) -> Tensor:
    """Number of *pixels* (not channels) that changed, of pictures ``[N, C, H, W]``."""
    changed = _delta(a, b).abs() > UNCHANGED
    return (changed.any(1).flatten(1) if changed.ndim > 2 else changed).sum(1).double()


def l1(a: Tensor, b: Tensor) -> Tensor:
    """Sum of the absolute changes of all values of a picture."""
    return _delta(a, b).flatten(1).abs().sum(1)


def l2(a: Tensor, b: Tensor) -> Tensor:
    """Euclidean distance over all values of a picture."""
    return _delta(a, b).flatten(1).norm(dim=1)


def linf(a: Tensor, b: Tensor) -> Tensor:
    """Largest absolute change of a value."""
    return _delta(a, b).flatten(1).abs().amax(1)


def tv(a: Tensor, b: Tensor) -> Tensor:
    """Anisotropic total variation of the change: 0 for a constant shift."""
    delta = _delta(a, b)
    if delta.ndim < 3:
        return delta.diff(dim=-1).abs().flatten(1).sum(1)
    down, right = delta.diff(dim=-2).abs(), delta.diff(dim=-1).abs()
    return down.flatten(1).sum(1) + right.flatten(1).sum(1)


def all_norms(a: Tensor, b: Tensor) -> dict[str, Tensor]:
    """``l0``, ``l1``, ``l2``, ``linf`` and ``tv`` of each pair."""
    measures = {"l0": l0, "l1": l1, "l2": l2, "linf": linf, "tv": tv}
    return {name: measure(a, b) for name, measure in measures.items()}


def of_equal_changes(norm: str, values: int) -> float:
    """How long a change is in ``norm`` that moves each of so many values by 1.

    A length divided by it is the mean change of a value in L1, the root mean square in L2. 1 in Linf, and
    in L0, which is not a length: there the largest change of a value stands for it.
    """
    return {"l1": float(values), "l2": math.sqrt(values)}.get(norm, 1.0)


def length_name(norm: str) -> str:
    """Which distance a radius is compared with: that of the norm, but in L0 the Linf."""
    return norm if norm in ("l1", "l2") else "linf"


def ssim(a: Tensor, b: Tensor) -> Tensor:
    """Structural similarity (Wang et al., 2004) of each pair: 1 for equal pictures.

    The usual Gaussian window of 11 pixels (sigma 1.5); smaller pictures get the largest odd uniform
    window that fits. Raises ``ValueError`` for pictures below 3 x 3.
    """
    from skimage.metrics import structural_similarity

    side = min(a.shape[-2:])
    if side < 3:
        raise ValueError(f"SSIM needs pictures of at least 3 x 3 pixels; got {list(a.shape)}")
    window = (
        {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        if side >= 11
        else {"win_size": side if side % 2 else side - 1}
    )
    pairs = zip(a.detach().cpu().double().numpy(), b.detach().cpu().double().numpy(), strict=True)
    values = [
        structural_similarity(p, q, data_range=1.0, channel_axis=0, **window) for p, q in pairs
    ]
    return torch.from_numpy(np.array(values))
