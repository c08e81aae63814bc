"""Files that are written whole or not at all, by one process at a time, and checks before that."""

import errno
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

FULL = {errno.ENOSPC, errno.EFBIG, *([errno.EDQUOT] if hasattr(errno, "EDQUOT") else [])}
"""What the system says where there is no room: disk full, file too large, quota used up."""


class Locked(ValueError):
    """Another process or thread has what was asked for."""


class NotWritten(OSError):
    """A file could not be written. The message says which, why, and what to do."""

    def __str__(self) -> str:
        return str(self.args[1])


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that replaces ``path`` at the end, and leaves no trace if that fails.

    A reader of ``path`` meanwhile, or after a crash, finds the old content or the new one, never part of
    it. Missing folders are created. Raises ``NotWritten`` where the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own: containers that share a folder may share process numbers too.
    partial = path.with_name(f"{path.name}.{secrets.token_hex(6)}.partial")
    try:
        with partial.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # else a crash may keep the new name and lose the content
        os.replace(partial, path)
    except BaseException as error:
        partial.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in FULL:
            raise no_room(path, error) from error
        raise


def no_room(path: Path, error: OSError) -> NotWritten:
    """What to raise where ``path`` found no room on the disk."""
    return NotWritten(
        error.errno,
        f"There is no room for {path.name} in {path.parent} ({os.strerror(error.errno or 0)}); what was "
        "there before is unchanged. Make room and start again.",
    )


@contextmanager
def locked(path: Path, busy: str | None = None) -> Iterator[None]:
    """Hold the lock file ``path``, for which other threads and processes wait meanwhile.

    The lock ends with the process, however that ends. With ``busy`` nobody waits: ``Locked``, with that
    sentence, where the lock is taken. Missing folders are created.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, timeout=-1 if busy is None else 0)
    try:
        lock.acquire()
    except Timeout as error:
        raise Locked(busy) from error
    try:
        yield
    finally:
        lock.release()


def move(source: Path, target: Path) -> None:
    """Put ``source`` in the place of ``target``, in one step."""
    os.replace(source, target)


def write_bytes(path: Path, content: bytes) -> None:
    """``Path.write_bytes``, whole or not at all."""
    with replacing(path) as file:
        file.write(content)


def write_text(path: Path, text: str) -> None:
    """``text`` as UTF-8 with its line ends unchanged, whole or not at all."""
    write_bytes(path, text.encode())


def json_text(value: object, indent: int | None = 2) -> str:
    """``value`` as JSON: how all JSON of the project is written.

    Raises ``ValueError`` for a number that JSON lacks: Python would write NaN and Infinity as bare words,
    which no other reader takes.
    """
    return json.dumps(value, indent=indent, allow_nan=False)


def write_json(path: Path, value: dict) -> None:
    """``value`` as indented JSON. Raises ``ValueError`` for a number that JSON lacks, such as NaN."""
    write_text(path, json_text(value) + "\n")


def hash_of_code(folder: Path) -> bytes:
    """A digest of all Python files in a package and its sub-folders."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()


def check_writable(folder: Path, instead: str) -> None:
    """Raise ``ValueError`` where no file can be created in ``folder``; ``instead`` says what to do.

    To be called before hours of work whose result goes there. A missing folder is not created: the
    folder that it would be created in is checked.
    """
    place = folder.absolute()
    try:
        while not place.exists():
            place = place.parent
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(f"{folder} cannot be written to ({reason}): {instead}") from error
