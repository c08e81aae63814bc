"""Rows on disk: an array that is filled once, part by part, and continues after an interruption."""

import json
import os
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from robust_core import files, processes

PART = 250
"""Rows of a part: what an interruption loses at most."""


def filled(
    path: Path,
    shape: tuple[int, ...],
    make: Callable[[slice], Tensor],
    *,
    what: str = "rows",
    show: bool = True,
    dtype: type[np.floating] = np.float16,
) -> np.ndarray:
    """An array of ``shape`` in the file ``path`` (.npy), mapped into memory, read only.

    ``make(rows)`` gives the rows of a slice along the first axis, once for each part; those of an
    earlier, interrupted call are kept, and another process that wants the same file waits for this one.
    ``what`` names them on the progress bar. The parts are dealt to all processes (``processes.spread``),
    which have to see the same folder; the main one writes. Raises ``ValueError`` where the file is damaged
    or holds an array of another shape, ``files.NotWritten`` where the disk has no room for all of it.
    """
    with files.locked(path.with_suffix(".lock")) if processes.is_main() else nullcontext():
        _fill(path, shape, make, what, show, dtype)
    processes.together()
    return _open(path, shape, "r", dtype)


def _fill(
    path: Path,
    shape: tuple[int, ...],
    make: Callable[[slice], Tensor],
    what: str,
    show: bool,
    dtype: type[np.floating],
) -> None:
    """Make the rows that are missing, part by part, by all processes; the main one writes.

    Parts of others wait in a folder until those before them are there.
    """
    done = processes.told(lambda: _begun(path, shape, dtype))
    if done == shape[0]:
        return
    starts = range(done, shape[0], PART)
    rows = [slice(start, min(start + PART, shape[0])) for start in starts]
    waiting = path.with_suffix(".parts") if processes.world().size > 1 else None
    parts = processes.spread(
        list(map(str, starts)),
        lambda i: make(rows[i]).cpu().numpy().astype(dtype).tobytes(),
        folder=waiting,
        to_all=False,
    )
    array = _open(path, shape, "r+", dtype) if processes.is_main() else None
    with tqdm(total=shape[0], initial=done, desc=what, disable=not show, leave=False) as bar:
        for content, each in zip(parts, rows, strict=False):  # only the main process gets any
            assert array is not None
            array[each] = np.frombuffer(content, dtype).reshape(-1, *shape[1:])
            array.flush()
            bar.update(each.stop - each.start)
            files.write_json(_counter(path), {"done": each.stop})
    if waiting is not None and processes.is_main():
        shutil.rmtree(waiting, ignore_errors=True)


def _begun(path: Path, shape: tuple[int, ...], dtype: type[np.floating]) -> int:
    """How many rows are there, after making room for all where there are none."""
    done = _done(path)
    if done is None:
        _reserve(path, shape, dtype)
        done = 0
        files.write_json(_counter(path), {"done": done})
    return done


def _reserve(path: Path, shape: tuple[int, ...], dtype: type[np.floating]) -> None:
    """Take the room on the disk at once: a mapped file that finds none later kills the process."""
    np.lib.format.open_memmap(path, "w+", dtype, shape).flush()
    if hasattr(os, "posix_fallocate"):
        try:
            with path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        except OSError as error:
            if error.errno in files.FULL:
                path.unlink()
                raise files.no_room(path, error) from error


def take(array: np.ndarray, rows: Tensor) -> Tensor:
    """Rows of a ``filled`` array, in the order asked for, as float32."""
    return torch.from_numpy(array[rows.numpy()]).float()


def _open(path: Path, shape: tuple[int, ...], mode: str, dtype: type[np.floating]) -> np.memmap:
    try:
        array = np.lib.format.open_memmap(path, mode)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is damaged ({error}): delete it to make it again") from error
    if array.shape != tuple(shape) or array.dtype != dtype:
        raise ValueError(
            f"{path} holds {array.dtype} {list(array.shape)} instead of "
            f"{np.dtype(dtype)} {list(shape)}: "
            "delete it to make it again"
        )
    return array


def _counter(path: Path) -> Path:
    return path.with_suffix(".json")


def _done(path: Path) -> int | None:
    """How many rows are there; None where none were started."""
    if not path.exists() or not _counter(path).exists():
        return None
    try:
        return int(json.loads(_counter(path).read_text(encoding="utf-8"))["done"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{_counter(path)} is damaged ({error}): delete it to make its rows again"
        ) from error
