"""Unpacking downloaded archives: the expected files, within their size, where they belong; nothing else."""

import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from robust_core.data.record import Archive

CHUNK = 2**18
SLACK = 2
"""Times the stated size that may be unpacked: it is stated roughly."""
BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    RuntimeError,  # a ZIP with a password, or packed in a way that Python lacks
    ValueError,
)
"""What ``unpack`` raises for an archive that is damaged, or not as it should be."""

Member = tuple[str, Callable[[], IO[bytes] | None]]
"""The name of a plain file in an archive, and what opens it."""


def unpack(archive: Archive, packed: Path, root: Path) -> None:
    """Unpack the expected members of the file ``packed`` into the archive's folder in ``root``.

    They are the plain files in ``archive.inside``, or those of them that ``archive.members`` names, each of
    which must be there. All others stay in the archive, links among them. Raises one of ``BROKEN`` for a
    damaged archive, and for one that lacks a member, has one twice, names a path out of its folder, or
    unpacks to far more than is expected.
    """
    inside = archive.folder if archive.inside is None else archive.inside
    expected = set(archive.members or ())
    found: set[str] = set()
    room = SLACK * archive.unpacked
    for name, opened in (_zipped if archive.zipped else _tarred)(packed):
        place = _place(name, inside)
        if place is None or (archive.members is not None and place not in expected):
            continue
        if place in found:
            raise ValueError(f"it has {place} twice")
        found.add(place)
        room -= _write(opened, root / archive.folder / place, room)
    if expected - found:
        raise ValueError(f"{min(expected - found)} is missing")


def _tarred(packed: Path) -> Iterator[Member]:
    with tarfile.open(packed, "r:gz") as tar:
        for member in tar:
            if member.isfile():
                yield member.name, lambda member=member: tar.extractfile(member)  # type: ignore[misc]


def _zipped(packed: Path) -> Iterator[Member]:
    with zipfile.ZipFile(packed) as archive:
        for member in archive.infolist():
            if not (member.is_dir() or stat.S_ISLNK(member.external_attr >> 16)):
                yield member.filename, lambda member=member: archive.open(member)  # type: ignore[misc]


def _place(name: str, inside: str) -> str | None:
    """The path of a member below the folder ``inside`` (empty: the top), None where it lies elsewhere.

    Raises ``ValueError`` for one in that folder whose path would lead out of it.
    """
    path = PurePosixPath(name.removeprefix("./"))
    if path.is_absolute() or not path.is_relative_to(inside):
        return None
    place = path.relative_to(inside)
    if not place.parts or any(part == ".." or set(part) & set("\\:\0") for part in place.parts):
        if not inside:
            return None
        raise ValueError(f"it has a file {name!r}, whose path is not allowed")
    return str(place)


def _write(opened: Callable[[], IO[bytes] | None], target: Path, room: int) -> int:
    """Copy a member to ``target``; the number of its bytes, at most ``room``."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source = opened()
    assert source is not None, "only links have nothing to read"
    written = 0
    with source, target.open("xb") as file:
        while chunk := source.read(CHUNK):
            written += len(chunk)
            if written > room:
                raise ValueError("it unpacks to far more than it should")
            file.write(chunk)
    return written
