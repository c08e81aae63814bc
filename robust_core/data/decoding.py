"""Decoding within bounds: two pictures at once, 5 seconds and 300 MB each, and an end when asked.

What the header proves to be small work is decoded here. For everything else there is a process of its
own, as nothing ends a decoder that is at work inside this one.
"""

import json
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from robust_core.apart import PACE, answer_of
from robust_core.data import pixels
from robust_core.data.headers.header import Header
from robust_core.data.refusal import UploadError, damaged

SECONDS = 5
MEMORY = 300 * 2**20
"""Of one picture."""
AT_ONCE = 2
TOGETHER = 400 * 2**20
"""Bytes for all that are decoded at once."""
SMALLER = "Save a smaller copy and try that."

Check = Callable[[], object]


class Room:
    """Lets a few pictures in at once, as long as they stay within a limit on their memory together."""

    def __init__(self, places: int, memory: int) -> None:
        self.places = places
        self.memory = memory
        self._free = threading.Condition()

    @contextmanager
    def hold(self, memory: int, check: Check) -> Iterator[None]:
        """Wait for a place and ``memory`` bytes, and give both back at the end."""
        while not self._enter(memory):
            check()
        try:
            yield
        finally:
            with self._free:
                self.places += 1
                self.memory += memory
                self._free.notify_all()

    def _enter(self, memory: int) -> bool:
        """Take what is asked for if it is free within a moment."""
        with self._free:
            if not self._free.wait_for(lambda: self.places and memory <= self.memory, PACE):
                return False
            self.places -= 1
            self.memory -= memory
            return True


_room = Room(AT_ONCE, TOGETHER)


def decode(header: Header, check: Check) -> tuple[np.ndarray, list[str]]:
    """Pixels, uint8 ``[H, W, 3]``, and what was changed. ``check`` is called while it waits.

    Raises ``UploadError`` for a damaged picture, and for one that takes too long or too much memory.
    """
    if header.memory > MEMORY:
        raise _too_large()
    with _room.hold(header.memory, check):
        return _here(header) if header.quick else _apart(header, check)


def _here(header: Header) -> tuple[np.ndarray, list[str]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image, notes = pixels.decode(header.cleaned, header.kind, header.open_end)
    except Exception as error:  # damaged files make Pillow raise nearly any exception
        raise damaged() from error
    return np.asarray(image), notes


def _apart(header: Header, check: Check) -> tuple[np.ndarray, list[str]]:
    """In a process that can be ended. It also ends by itself, should nobody wait for it."""
    bounds = map(str, (header.kind, int(header.open_end), SECONDS, MEMORY))
    try:
        status, answer = answer_of(
            [sys.executable, "-P", pixels.__file__, *bounds], header.cleaned, SECONDS, check
        )
    except TimeoutError:
        raise _too_long() from None
    if status == pixels.TOO_LARGE:
        raise _too_large()
    if status == pixels.DAMAGED:
        raise damaged()
    if status:
        raise _too_long()
    line, _, values = answer.partition(b"\n")
    width, height, notes = json.loads(line)
    return np.frombuffer(values, np.uint8).reshape(height, width, 3), notes


def _too_long() -> UploadError:
    return UploadError(f"Decoding the picture takes longer than {SECONDS} seconds. {SMALLER}")


def _too_large() -> UploadError:
    return UploadError(
        f"Decoding the picture takes more than {MEMORY // 2**20} MB of memory. {SMALLER}"
    )
