"""Distances between two pictures: one float64 value per pair."""

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
    """``l0``, ``l2``, ``linf`` and ``tv`` of each pair."""
    return {"l0": l0(a, b), "l2": l2(a, b), "linf": linf(a, b), "tv": tv(a, b)}


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
