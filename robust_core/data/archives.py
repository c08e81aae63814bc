"""The user's own labelled pictures in a ZIP file: one folder per class, judged before it is unpacked.

Nothing is written to the disk: names in the archive are labels, never paths.
"""

import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import PurePosixPath

from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.data import signatures
from robust_core.data.fitting import as_taken
from robust_core.data.folder import IGNORED, take_turns
from robust_core.data.labelled import read_first
from robust_core.data.uploads import UploadError, decode_upload

LARGEST = 128 * 2**20
"""Bytes of the archive."""
MOST = 10_000
"""Files in it."""
PICTURE = 8 * 2**20
"""Bytes of a picture once it is unpacked, as for one that is uploaded alone."""
HOW = "It needs one folder per class, named like the class, with PNG, JPEG or WebP pictures in it."
DEEP = 3
"""How far above a folder of pictures its class is looked for: a bound on the time for hostile names."""
NAMED = 3
"""Folders that a sentence names."""
_END, _LONG_END = b"PK\x05\x06", b"PK\x06\x07"
Entry = zipfile.ZipInfo


def load_zip(
    content: bytes,
    model: Classifier,
    limit: int | None = None,
    progress: Callable[[int, int], object] | None = None,
    on_unreadable: Callable[[str], object] | None = None,
) -> tuple[Tensor, Tensor]:
    """Pictures, float32 ``[N, C, H, W]`` in [0, 1] of the model's size, and labels, int64 ``[N]``.

    Classes take turns, as in ``folder.load_folder``; ``limit`` takes the first ones only. ``progress`` and
    ``on_unreadable``: see ``read_first``.

    Raises ``ValueError`` for anything but a ZIP file, and for one with too many files, files that grow
    beyond a picture's bound, encrypted files, names that climb out of it, folders that are empty or not a
    class, or no pictures.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    archive, chosen = _chosen(content, model)
    return read_first(
        chosen, lambda entry: _picture(archive, entry, model), limit, progress, on_unreadable
    )


def check_size(count: int) -> None:
    """Raise ``ValueError`` for an archive of more bytes than are read."""
    if count > LARGEST:
        raise ValueError(
            f"The ZIP file has {count / 2**20:,.1f} MB; at most {LARGEST // 2**20} MB are read"
        )


def _chosen(content: bytes, model: Classifier) -> tuple[zipfile.ZipFile, list[tuple[Entry, int]]]:
    """The archive, and its pictures with their labels: the classes take turns."""
    check_size(len(content))
    _check_count(content)
    try:
        archive = zipfile.ZipFile(BytesIO(content))
        entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError) as error:
        raise ValueError(f"This is not a ZIP file, or it is damaged. {HOW}") from error
    if len(entries) > MOST:
        raise _too_many(len(entries))
    found = _by_class([entry for entry in entries if _is_shown(entry)], archive, model)
    return archive, take_turns([[(entry, label) for entry in found[label]] for label in found])


def _check_count(content: bytes) -> None:
    """Refuse an archive by what its end declares, before its list is read, which takes memory."""
    place = len(content) - 22  # where zipfile looks first: without a comment
    if not (content[place:].startswith(_END) and content.endswith(b"\0\0")):
        place = content.rfind(_END, -(2**16 + 22))
    end = content[place : place + 22]
    if place < 0:
        return  # no archive, which its reader says
    if len(end) < 22:
        raise ValueError("The end of the ZIP file is damaged: make it again")
    count, size = struct.unpack("<10xHI6x", end)
    if content[place - 20 : place].startswith(_LONG_END) or count == 2**16 - 1:
        raise ValueError(
            "The ZIP file is of the large kind (ZIP64), for more than 65,535 files or 4 GB; at most "
            f"{MOST:,} "
            "files are read"
        )
    if count > MOST or size > 400 * MOST:  # a name has at most about 300 characters
        raise _too_many(max(count, size // 400))


def _too_many(count: int) -> ValueError:
    return ValueError(f"The ZIP file holds {count:,} files; at most {MOST:,} are read")


def _is_shown(entry: Entry) -> bool:
    """Whether it is not a file that systems add. Raises ``ValueError`` for a name that climbs out."""
    path = _path(entry)
    if path.is_absolute() or ".." in path.parts or ":" in entry.filename[:3]:
        raise ValueError(
            f"The ZIP file holds the name {entry.filename[:80]!r}, which leads out of it: make it again"
        )
    return not any(part.startswith(".") or part.lower() in IGNORED for part in path.parts)


def _path(entry: Entry) -> PurePosixPath:
    return PurePosixPath(entry.filename.replace("\\", "/"))


def _by_class(
    entries: list[Entry], archive: zipfile.ZipFile, model: Classifier
) -> dict[int, list[Entry]]:
    """The files of each class, in the order of ``folder.files_by_class``: folders and files by name."""
    folders: dict[PurePosixPath, list[Entry]] = {}
    for entry in sorted(entries, key=_path):
        if not entry.is_dir():
            folders.setdefault(_path(entry).parent, []).append(entry)
    _check_depth(folders, model)
    above = {PurePosixPath(), *(each for folder in folders for each in folder.parents)}
    outer = above & folders.keys()
    for loose in [file for folder in outer for file in folders.pop(folder)]:
        if _begins_like_a_picture(archive, loose):
            raise ValueError(
                f"The ZIP file holds {loose.filename[:80]!r} outside its folders. {HOW}"
            )
    if not folders:
        raise ValueError(f"The ZIP file holds no pictures in folders. {HOW}")
    _check_empty(entries, folders)
    found: dict[int, list[Entry]] = {}
    unknown: dict[str, ValueError] = {}
    for folder, files in folders.items():
        try:
            found.setdefault(model.index_of(folder.name), []).extend(files)
        except ValueError as error:
            unknown[folder.name] = error
    if unknown:
        names = [repr(name[:80]) for name in unknown]
        listed = ", ".join(names[:NAMED]) + (" ..." if len(names) > NAMED else "")
        verb = (
            "The folder {} is not a class."
            if len(names) == 1
            else "The folders {} are not classes."
        )
        raise ValueError(f"{verb.format(listed)} {next(iter(unknown.values()))}")
    return found


def _check_depth(folders: dict[PurePosixPath, list[Entry]], model: Classifier) -> None:
    """Raise ``ValueError`` for files in a folder that is not a class and lies inside one that is."""
    for folder, files in folders.items():
        if _is_class(folder.name, model):
            continue
        inside = [each for each in folder.parents[:DEEP] if _is_class(each.name, model)]
        if inside:
            raise ValueError(
                f"Files lie in folders inside the folder of a class, such as {files[0].filename[:80]!r}: "
                f"put the pictures right into {inside[0].name[:80]!r}"
            )


def _is_class(name: str, model: Classifier) -> bool:
    with suppress(ValueError):
        model.index_of(name)
        return True
    return False


def _check_empty(entries: list[Entry], folders: dict[PurePosixPath, list[Entry]]) -> None:
    """Raise ``ValueError`` for a folder without files in it or below."""
    filled = {above for folder in folders for above in (folder, *folder.parents)}
    for entry in entries:
        if entry.is_dir() and _path(entry) not in filled:
            raise ValueError(
                f"The folder {_path(entry).name[:80]!r} in the ZIP file is empty: put pictures into "
                "it, or leave "
                "it out"
            )


def _begins_like_a_picture(archive: zipfile.ZipFile, entry: Entry) -> bool:
    """Whether a file beside the folders is a picture: a list or a licence may be there."""
    return str(signatures.describe(_unpacked(archive, entry, 64))).endswith(" picture")


def _unpacked(archive: zipfile.ZipFile, entry: Entry, most: int) -> bytes:
    """At most ``most`` bytes of a file, whatever size is declared. Raises ``ValueError`` with its name."""
    name = entry.filename[:80]
    if entry.flag_bits & 1:
        raise ValueError(f"{name!r} is encrypted: make the ZIP file without a password")
    try:
        with archive.open(entry) as file:
            return file.read(most)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError) as error:
        raise ValueError(f"{name!r} in the ZIP file is damaged") from error


def _picture(archive: zipfile.ZipFile, entry: Entry, model: Classifier) -> Tensor:
    """One picture ``[1, C, H, W]``. Raises ``ValueError`` with the file's name."""
    name = entry.filename[:80]
    data = _unpacked(archive, entry, PICTURE + 1)
    if len(data) > PICTURE:
        raise ValueError(
            f"{name!r} grows beyond {PICTURE // 2**20} MB when it is unpacked: such a picture is not read"
        )
    try:
        picture = decode_upload(data, name)
    except UploadError as error:
        raise ValueError(f"{name!r}: {error}") from error
    return as_taken(picture.pixels, model)
