"""What a computation that stands still keeps in memory."""

import inspect
from types import CodeType, FrameType

from torch import nn

from robust_core.engine.cache import nbytes


def held(frame: FrameType | None, until: CodeType, skip: tuple[type, ...] = ()) -> int:
    """Bytes that the calls from ``frame`` out to the one that runs ``until`` keep alive.

    Counts what their local variables reach, but for objects of the types ``skip`` and networks:
    these are shared, or small beside what an attack on them holds.
    """
    values: list[object] = []
    while frame is not None and frame.f_code is not until:
        names = frame.f_locals
        values.extend(names.values())
        if isinstance(names, dict) and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            names.clear()  # before Python 3.13 a copy, which the frame would keep until it ends
        frame = frame.f_back
    return nbytes(values, skip=(nn.Module, *skip))
