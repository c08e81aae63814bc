"""Filters: pictures ``[N, C, H, W]`` in [0, 1] to simpler ones of the same shape, dtype and device.

They remove detail too fine to be seen, and an adversarial perturbation with it. Defences put a filter in
front of a network (``defenses.filters``); a detector checks whether one changes a network's answer
(``detectors.squeezers``). Each picture is filtered on its own.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def bit_depth(images: Tensor, bits: int) -> Tensor:
    """Fewer grey levels, ``round(x (2^bits - 1)) / (2^bits - 1)`` (Xu, Evans, Qi, 2018, section III.A)."""
    top = 2**bits - 1
    return images.mul(top).round_().div_(top)


def median(images: Tensor, width: int) -> Tensor:
    """The median of a window ``width`` x ``width`` of each channel; edges are mirrored. Differentiable.

    As ``scipy.ndimage.median_filter(mode="reflect")``, which Xu et al. (2018), section III.B, use: a
    window of 2 holds the pixel and those above and to the left, and the third of its four values is taken.
    ``width`` is 2 or 3: a wider window would mirror more than one pixel at an edge.
    """
    rows, columns = images.shape[2:]
    after = width - 2  # a window of 2 ends at the pixel
    # One pixel mirrored at the edge is that pixel again.
    padded = F.pad(images, (1, after, 1, after), mode="replicate")
    window = [
        padded[..., i : i + rows, j : j + columns] for i in range(width) for j in range(width)
    ]
    return torch.stack(window).sort(0).values[width**2 // 2]


def non_local_means(images: Tensor, *, search: int, patch: int, strength: float) -> Tensor:
    """Each pixel becomes a mean of pixels with similar surroundings (Buades et al., 2005).

    By scikit-image's fast ``denoise_nl_means``, all channels together, on the CPU, without a graph; Xu et
    al. (2018) use OpenCV's. ``search`` is the width of the area searched, ``patch`` that of the
    surroundings compared; ``strength`` is how different they may be, in pixel units.
    """
    from skimage.restoration import denoise_nl_means

    # scikit-image returns a one-channel picture with swapped axes, so it gets only the plane.
    lone = images.shape[1] == 1
    pictures = images.detach().cpu().contiguous().float().numpy()
    smooth = [
        denoise_nl_means(
            picture[0] if lone else picture,
            patch_size=patch,
            patch_distance=search // 2,
            h=strength,
            fast_mode=True,
            channel_axis=None if lone else 0,
        )
        for picture in pictures
    ]
    # Its integral images round: a mean of values in [0, 1] can be a hair outside.
    return torch.from_numpy(np.stack(smooth)).view(images.shape).clamp_(0, 1).to(images)


def total_variation(images: Tensor, weight: float) -> Tensor:
    """The picture of least total variation near the given one, channel by channel, without a graph.

    Rudin, Osher and Fatemi's problem by Chambolle's method, ``min_z TV(z) + |z - x|^2 / (2 weight)``, by
    scikit-image on the CPU.
    """
    from skimage.restoration import denoise_tv_chambolle

    pictures = images.detach().cpu().float().numpy()
    smooth = [denoise_tv_chambolle(x, weight=weight, channel_axis=0) for x in pictures]
    return torch.from_numpy(np.stack(smooth)).clamp_(0, 1).to(images)
