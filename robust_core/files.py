"""Files that are written whole or not at all, and a check that a folder can be written to."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that replaces ``path`` at the end, and leaves no trace if that fails.

    A reader of ``path`` meanwhile, or after a crash, finds the old content or the new one, never part of
    it. Missing folders are created.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # else a crash may keep the new name and lose the content
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_bytes(path: Path, content: bytes) -> None:
    """``Path.write_bytes``, whole or not at all."""
    with replacing(path) as file:
        file.write(content)


def write_text(path: Path, text: str) -> None:
    """``text`` as UTF-8 with its line ends unchanged, whole or not at all."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: dict) -> None:
    """``value`` as indented JSON. Raises ``ValueError`` for a number that JSON lacks, such as NaN."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


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
