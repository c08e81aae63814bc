"""What an attack rejects, in sentences that name the argument and what is allowed."""

import torch
from torch import Tensor

CLASS_DTYPES = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


def check_restarts(restarts: int, random_start: bool) -> None:
    """Raise ``ValueError`` for several restarts from the same start."""
    if restarts > 1 and not random_start:
        raise ValueError("restarts must be 1 without random_start: all would be the same")


def check_batch(images: Tensor) -> None:
    """Raise ``ValueError`` unless ``images`` is a non-empty batch of pictures in [0, 1]."""
    if not isinstance(images, Tensor) or not images.is_floating_point():
        kind = images.dtype if isinstance(images, Tensor) else type(images).__name__
        raise ValueError(f"images must be a floating-point tensor [N, C, H, W]; got {kind}")
    if images.ndim < 2 or 0 in images.shape:
        raise ValueError(
            f"images must be a batch [N, C, H, W] with at least one value; got shape "
            f"{list(images.shape)}"
        )
    low, high = (bound.item() for bound in images.detach().aminmax())
    if not (low >= 0 and high <= 1):  # also refuses NaN
        raise ValueError(
            f"images must be in [0, 1] without NaN; got values from {low:.4g} to {high:.4g}. Divide "
            "0-255 pixels by 255; put mean/std normalisation inside the model"
        )


def check_labels(labels: Tensor, images: Tensor) -> Tensor:
    """``labels`` as int64 on the device of ``images``; ``ValueError`` unless one index per picture."""
    whole = isinstance(labels, Tensor) and labels.dtype in CLASS_DTYPES
    if not whole:
        kind = labels.dtype if isinstance(labels, Tensor) else type(labels).__name__
        raise ValueError(f"labels must be a tensor of whole class indices [N]; got {kind}")
    if labels.shape != images.shape[:1]:
        lone = images.ndim == 3 and labels.numel() == 1
        single = "; one picture needs a batch axis too: images[None]" if lone else ""
        raise ValueError(
            f"labels must be one class index per picture, shape [{images.shape[0]}]; got shape "
            f"{list(labels.shape)}{single}"
        )
    return labels.detach().to(images.device, torch.int64, copy=True)


def check_logits(logits: Tensor, images: Tensor) -> None:
    """Raise ``ValueError`` unless the model returned logits ``[N, K]`` with at least two classes."""
    if not isinstance(logits, Tensor) or logits.ndim != 2 or logits.shape[0] != images.shape[0]:
        shape = list(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise ValueError(
            f"model must map pictures {list(images.shape)} to logits [{images.shape[0]}, K]; it "
            f"returned {shape}"
        )
    if logits.shape[1] < 2:
        raise ValueError("model must return logits of at least 2 classes; it returned 1")


def check_detector_logit(logit: Tensor, images: Tensor) -> None:
    """Raise ``ValueError`` unless the detector returned one log-odds per picture, ``[N]``."""
    if not isinstance(logit, Tensor) or logit.shape != images.shape[:1]:
        shape = list(logit.shape) if isinstance(logit, Tensor) else type(logit).__name__
        raise ValueError(
            f"detector must map pictures {list(images.shape)} to log-odds [{images.shape[0]}]; its "
            f"logit returned {shape}"
        )


def check_classes(classes: Tensor, logits: Tensor) -> None:
    """Raise ``ValueError`` where the model has no class with that index."""
    low, high = (bound.item() for bound in classes.aminmax())
    if low < 0 or high >= logits.shape[1]:
        raise ValueError(
            f"labels and targets must be class indices from 0 to {logits.shape[1] - 1}, as the model has "
            f"{logits.shape[1]} classes; got {low if low < 0 else high}"
        )


def round_towards(adversarial: Tensor, original: Tensor) -> Tensor:
    """``adversarial`` in the dtype of ``original``, rounded towards it so that no norm grows.

    In [0, 1] the bit patterns of half-precision numbers, read as integers, are ordered as the numbers
    are: one less is the next smaller number.
    """
    return _rounded(adversarial, original, adversarial > original, adversarial < original)


def round_away(adversarial: Tensor, original: Tensor) -> Tensor:
    """``adversarial`` in the dtype of ``original``, rounded away from it: no change gets smaller.

    What has just crossed a boundary would come back over it if it were rounded towards the original.
    """
    return _rounded(adversarial, original, adversarial < original, adversarial > original)


def _rounded(adversarial: Tensor, original: Tensor, down: Tensor, up: Tensor) -> Tensor:
    if original.dtype == adversarial.dtype:
        return adversarial
    rounded = adversarial.to(original.dtype)
    back = rounded.float()
    too_high = (back > adversarial) & down
    too_low = (back < adversarial) & up
    bits = rounded.view(torch.int16) - too_high.to(torch.int16) + too_low.to(torch.int16)
    return bits.view(original.dtype)
