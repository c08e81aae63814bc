"""Loading a model whose weights torch downloads, with progress, and a way to stop it."""

import ctypes
import threading
from collections.abc import Callable
from pathlib import Path

from robust_core.classifier import Classifier
from robust_core.zoo.catalogue import download_size
from robust_core.zoo.imagenet import checkpoint_path
from robust_core.zoo.loading import load


def _arrived(path: Path) -> int:
    """How much of the file at ``path`` torch has downloaded to its partial file."""
    try:
        partial = path.parent.glob(f"{path.name}*.partial")
        return max((file.stat().st_size for file in partial), default=0)
    except OSError:  # it has just got its name, or the folder may not be read, which ``load`` says
        return 0


class _Stopped(BaseException):
    """Ends a download where it is; no ``Exception``, so that nothing takes it for a failed one."""


def load_with_progress(name: str, progress: Callable[[int, int], object]) -> Classifier:
    """``load`` in a thread of its own; ``progress(percent, 100)`` follows torchvision's partial file.

    What ``progress`` raises ends the download too; torch then removes its partial file.
    """
    outcome: list = []

    def work() -> None:
        try:
            outcome.append(load(name))
        except BaseException as error:  # handed over to the waiting thread
            outcome.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    path = checkpoint_path(name)
    size = download_size(name)
    try:
        while thread.is_alive():
            progress(min(99, 100 * _arrived(path) // size), 100)
            thread.join(0.2)
    except BaseException:
        _stop(thread)
        raise
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def _stop(thread: threading.Thread) -> None:
    """Raise ``_Stopped`` in ``thread`` once its next read ends: nothing else stops torch's download."""
    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(_Stopped)
        )
