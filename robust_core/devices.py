"""Which device computes."""

import torch


def best_device() -> torch.device:
    """CUDA where there is one, else Apple's MPS, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def as_device(device: str | torch.device | None) -> torch.device:
    """``device``, or the best one for None. Raises ``ValueError`` where it does not exist here."""
    try:  # the device of a tensor has its number: "cuda" and "cuda:0" become the same
        return torch.empty(0, device=best_device() if device is None else device).device
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"device {str(device)!r} is not available here; this machine has {best_device()}"
        ) from error
