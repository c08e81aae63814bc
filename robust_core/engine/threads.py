"""The number of computing threads: workers times torch's threads stay within the machine's cores."""

import os

import torch

from robust_core.devices import cores


def default_workers() -> int:
    """One worker for an accelerator, which runs one kernel queue; else two, or one on one core."""
    if torch.cuda.is_available() or torch.backends.mps.is_available():
        return 1
    return min(2, cores())


def configure_threads(workers: int | None = None) -> int:
    """Share the cores among ``workers`` (default: the machine's); return torch's threads for each.

    On one or two cores it is always one: with two, sixteen sessions took fifteen times as long,
    because threads of different sessions wait for each other. ``OMP_NUM_THREADS`` set by the user
    wins. Threads that torch has already used keep the number that they started with.
    """
    if not os.environ.get("OMP_NUM_THREADS"):
        share = cores() // (workers or default_workers()) if cores() > 2 else 1
        torch.set_num_threads(max(1, share))
    return torch.get_num_threads()
