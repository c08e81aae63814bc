"""ART's defences (adversarial-robustness-toolbox), as functions that the benchmark of ours can call."""

import importlib.util
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from robust_core.defenses import Defense

Filter = Callable[[Tensor], Tensor]


def missing() -> list[str]:
    """Packages of benchmarks/requirements.txt that the comparisons need and that are missing."""
    return [name for name in ("art", "statsmodels") if importlib.util.find_spec(name) is None]


def filter_like(defense: Defense) -> Filter | None:
    """ART's filter at the same setting, on the CPU; None where it has none, or is not installed.

    ART's JPEG is always 4:2:0. Its median is ours at odd widths only: its even windows begin at
    another pixel than ours.
    """
    if "art" in missing():
        return None
    from art.defences import preprocessor

    unit = (0.0, 1.0)
    if defense.name == "jpeg" and defense.subsampling == "4:2:0":
        made = preprocessor.JpegCompression(unit, quality=defense.quality, channels_first=True)
    elif defense.name == "bit-depth":
        made = preprocessor.FeatureSqueezing(unit, bit_depth=defense.bits)
    elif defense.name == "median":
        made = preprocessor.SpatialSmoothing(defense.width, channels_first=True, clip_values=unit)
    else:
        return None
    return lambda images: torch.from_numpy(made(images.numpy())[0])


def certifier(
    model: nn.Module, shape: tuple[int, ...], classes: int, sigma: float, alpha: float, first: int
):
    """ART's smoothing of the same network; ``first`` draws choose the class."""
    from art.estimators.certification.randomized_smoothing import PyTorchRandomizedSmoothing

    return PyTorchRandomizedSmoothing(
        model,
        nn.CrossEntropyLoss(),
        input_shape=shape,
        nb_classes=classes,
        sample_size=first,
        scale=sigma,
        alpha=alpha,
        device_type="cpu",
    )


def lower_bound(certifier: object, votes: int, draws: int) -> float:
    """The bound of a probability by ART, which asks statsmodels (Clopper-Pearson, one-sided)."""
    return float(certifier._lower_confidence_bound(votes, draws))


def certify(certifier: object, images: Tensor, draws: int, batch: int) -> tuple[list[int], Tensor]:
    """Classes (-1: abstains) and radii ``[N]`` of pictures ``[N, C, H, W]``."""
    np.random.seed(0)  # noqa: NPY002  # which ART draws from
    labels, radii = certifier.certify(images.numpy(), n=draws, batch_size=batch)
    return labels.tolist(), torch.from_numpy(np.asarray(radii))
