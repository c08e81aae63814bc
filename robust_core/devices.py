"""Which device computes, and with how many threads."""

import os
from functools import cache

import torch

from robust_core import processes

VALUES_EACH = 2**14
"""Pixel values at once that keep a thread busy. With fewer, threads mostly wait for each other: on a busy
machine BIM on one small picture took 13 s with all cores and 0.15 s with one."""

LEARNT = 2**25 - 2**13
"""The largest block, in bytes, from whose end glibc learns what to keep: 32 MB, less its own header."""


def best_device() -> torch.device:
    """CUDA where there is one, else Apple's MPS, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def as_device(device: str | torch.device | None) -> torch.device:
    """``device``, or the best one for None. Raises ``ValueError`` where it does not exist here.

    "cuda" is the first GPU, and of many processes on a machine each has one of its own.
    """
    if processes.launched() and torch.cuda.is_available():
        torch.cuda.set_device(processes.world().local_rank % torch.cuda.device_count())
    try:  # the device of a tensor has its number: "cuda" and "cuda:0" become the same
        return torch.empty(
            0, dtype=torch.float32, device=best_device() if device is None else device
        ).device
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"device {str(device)!r} is not available here; this machine has {best_device()}"
        ) from error


def cores() -> int:
    """The processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_for(values: int) -> int:
    """Torch's threads for work on ``values`` pixel values at once: one for a small picture; sets them.

    At most one for each core; ``OMP_NUM_THREADS`` set by the user wins.
    """
    if not os.environ.get("OMP_NUM_THREADS"):
        torch.set_num_threads(min(cores(), 1 + values // VALUES_EACH))
    return torch.get_num_threads()


@cache
def keep_memory() -> None:
    """Let the process keep the memory of a forward pass for the next one, instead of asking for it again.

    glibc gives freed blocks back to the system, up to the size of the largest that it has seen freed
    (mallopt(3), M_MMAP_THRESHOLD): so it is shown a large one. Where no gradient is taken none comes by
    itself, and each pass waits for its memory to be mapped again. Other C libraries do not mind.
    """
    torch.empty(LEARNT, dtype=torch.uint8, device="cpu")
