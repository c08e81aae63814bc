"""A process that answers what it is sent, within a time, and can be ended while it is at work."""

import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO

PACE = 0.05
"""Seconds between two looks."""


def answer_of(
    command: list[str],
    data: bytes,
    seconds: float,
    check: Callable[[], object],
    environment: dict[str, str] | None = None,
) -> tuple[int, bytes]:
    """Exit status and output of ``command``, which reads ``data``.

    ``check`` is called while it waits: what it raises ends the process, and the time that it takes, which
    may rest, is not counted. Raises ``TimeoutError`` after ``seconds``.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    with process:
        try:
            said = _answer(process, data, seconds, check)
        finally:
            process.kill()
    return process.returncode, said


def _answer(
    process: subprocess.Popen, data: bytes, seconds: float, check: Callable[[], object]
) -> bytes:
    # Not by ``communicate``, which sends nothing more after its first timeout.
    pipe, process.stdin = process.stdin, None
    assert pipe is not None
    threading.Thread(target=_send, args=(pipe, data), daemon=True).start()
    end = time.monotonic() + seconds
    while True:
        try:
            return process.communicate(timeout=PACE)[0]
        except subprocess.TimeoutExpired:
            if time.monotonic() > end:
                raise TimeoutError from None
            begun = time.monotonic()
            check()
            end += time.monotonic() - begun


def _send(pipe: IO[bytes], data: bytes) -> None:
    """Write all of it, as far as it is read."""
    with suppress(OSError), pipe:
        pipe.write(data)
