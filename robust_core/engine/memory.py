"""Computing within the available memory: smaller batches first, then the CPU."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

from robust_core.engine.errors import OutOfMemory

T = TypeVar("T")
Tensors = TypeVar("Tensors", bound=Tensor | Sequence[Tensor])

# Backends that do not raise torch.OutOfMemoryError: MPS, the CPU allocator, cuBLAS.
SIGNS = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` says that a device, or the machine, has no memory left."""
    if isinstance(error, torch.OutOfMemoryError | OutOfMemory):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in SIGNS)


def in_batches(
    work: Callable[[Tensor], Tensors],
    images: Tensor,
    batch: int,
    *,
    on_notice: Callable[[str], None] | None = None,
) -> Tensors:
    """``work`` over ``images`` ``[N, ...]`` in chunks of at most ``batch``, with results concatenated.

    ``work`` maps a chunk ``[n, ...]`` to a tensor ``[n, ...]`` or a tuple or list of them. Where
    memory runs out, the batch is halved, from the failed chunk on and for the rest; ``on_notice`` then
    gets a sentence.

    Raises ``OutOfMemory`` when a single picture is too much, and ``ValueError`` for a batch below 1
    or a result whose first dimension differs from its chunk's.
    """
    if batch < 1:
        raise ValueError(f"batch must be at least 1, not {batch}")
    if not len(images):
        return work(images)
    parts: list[Any] = []
    start = 0
    while start < len(images):
        chunk = images[start : start + batch]
        part = _attempt(work, chunk)
        if part is not None:
            parts.append(part)
            start += len(chunk)
            continue
        batch = len(chunk) // 2
        _release()
        if on_notice is not None:
            pictures = "picture" if batch == 1 else "pictures"
            on_notice(f"The memory was full: going on with {batch} {pictures} at a time.")
    if isinstance(parts[0], Tensor):
        return cast(Tensors, torch.cat(parts))
    columns = [torch.cat(list(column)) for column in zip(*parts, strict=True)]
    return cast(Tensors, columns if isinstance(parts[0], list) else tuple(columns))


def _attempt(work: Callable[[Tensor], Tensors], chunk: Tensor) -> Tensors | None:
    """The result for ``chunk``, or None where it needs too much memory.

    Returning releases the error, whose frames keep the tensors that filled the memory.
    """
    try:
        part = work(chunk)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        if len(chunk) == 1:
            raise OutOfMemory("The memory is too small even for one picture at a time.") from error
        return None
    for tensor in [part] if isinstance(part, Tensor) else part:
        if tensor.shape[:1] != chunk.shape[:1]:
            raise ValueError(
                f"work must return one row per picture: {len(chunk)} pictures gave a tensor of "
                f"shape {list(tensor.shape)}"
            )
    return part


def on_cpu_if_out_of_memory(
    work: Callable[[torch.device], T],
    device: torch.device | str,
    *,
    on_notice: Callable[[str], None],
) -> T:
    """``work(device)``, or ``work(cpu)`` and a notice where the device runs out of memory.

    Any other error, and one on the CPU itself, is raised as it is.
    """
    device = torch.device(device)
    try:
        return work(device)
    except RuntimeError as error:
        if device.type == "cpu" or not is_out_of_memory(error):
            raise
    _release()
    on_notice("The GPU is out of memory: this ran on the CPU instead.")
    return work(torch.device("cpu"))


def _release() -> None:
    """Return the unused blocks that torch caches to the device."""
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()
