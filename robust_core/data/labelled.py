"""Pictures with labels, read one after the other: what cannot be read is reported, or ends the reading."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

Item = TypeVar("Item")
MOST_UNREADABLE = 100
"""Files that are left out before a set is refused: a bound on the time that a hostile one takes."""


def read_first(
    chosen: Sequence[tuple[Item, int]],
    read: Callable[[Item], Tensor],
    limit: int | None,
    progress: Callable[[int, int], object] | None = None,
    on_unreadable: Callable[[str], object] | None = None,
) -> tuple[Tensor, Tensor]:
    """The first ``limit`` pictures, ``[N, C, H, W]``, and their labels, int64 ``[N]``.

    ``chosen`` are files with their labels, in order. ``read`` gives one picture ``[1, C, H, W]``, or raises
    ``ValueError`` with the file's name. ``progress`` is called as (pictures read, pictures wanted).
    ``on_unreadable`` gets the sentence about each file that is left out, and the next one takes its place;
    None: the first such file ends it.

    Raises ``ValueError`` where no file can be read, or more than ``MOST_UNREADABLE`` cannot.
    """
    wanted = len(chosen) if limit is None else min(limit, len(chosen))
    images: list[Tensor] = []
    labels: list[int] = []
    lost: list[str] = []
    for item, label in chosen:
        if len(images) == wanted:
            break
        if progress is not None:
            progress(len(images), wanted)
        try:
            images.append(read(item))
        except ValueError as error:
            if on_unreadable is None:
                raise
            lost.append(str(error))
            on_unreadable(lost[-1])
            if len(lost) > MOST_UNREADABLE:
                raise ValueError(
                    f"More than {MOST_UNREADABLE} of the files cannot be read as pictures; the "
                    f"first: {lost[0]}"
                ) from error
        else:
            labels.append(label)
    if not images:
        raise ValueError(
            f"None of the {len(chosen):,} files can be read as a picture; the first: {lost[0]}"
        )
    return torch.cat(images), torch.tensor(labels, dtype=torch.int64, device="cpu")
