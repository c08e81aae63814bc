"""Fetching a data set: resumable, checked before it is unpacked, placed in one step."""

import errno
import hashlib
import http.client
import os
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from robust_core import files
from robust_core.data import signatures
from robust_core.data.record import Archive, DataSet
from robust_core.data.unpacking import BROKEN, unpack
from robust_core.paths import data_folder
from robust_core.progress import Progress

CHUNK = 2**18
MEGABYTE = 10**6
TIMEOUT = 30.0  # seconds without a byte
GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
"""How archives begin. A network's sign-in page, which answers for any address, does not."""
ALGORITHMS = {"sha256": "SHA-256", "md5": "MD5"}


class DownloadError(ValueError):
    """A download that did not succeed. The message says why and what to do."""


def fetch(
    record: DataSet, root: str | Path | None = None, *, progress: Progress | None = None
) -> Path:
    """The folder of a data set below ``root`` (default: the data folder), downloaded if needed.

    ``progress(done, total)`` gets the bytes; raising from it abandons the download. What has arrived
    stays in a ``.partial`` file beside the target, and the next call resumes from there. Raises
    ``DownloadError`` where the server cannot be reached, the bytes are not the official ones, the disk
    is full, or the same download is under way already, and ``ValueError`` for a data set that has no
    download.
    """
    find = record.find
    if not record.archives or find is None:
        raise ValueError(f"{record.name} is not downloaded")
    root = Path(root) if root is not None else data_folder()
    if record.available(root):
        return find(root)
    busy = (
        f"{record.title} is being downloaded to {root} already. Wait for the end of that download."
    )
    try:
        with files.locked(root / f"{record.name}.lock", busy):
            if not record.available(root):  # another process may just have finished it
                _fetch_whole(record, root, progress or (lambda done, total: None))
    except files.Locked as error:
        raise DownloadError(str(error)) from error
    except OSError as error:
        raise DownloadError(_disk_trouble(error, root)) from error
    return find(root)


def _fetch_whole(record: DataSet, root: Path, progress: Progress) -> None:
    """Download all archives, check and unpack them, with this process alone at it."""
    title = record.title
    partials = {root / f"{archive.name}.partial": archive for archive in record.archives}
    for partial, archive in partials.items():
        if _length(partial) and not _begins_as(archive, partial):
            partial.unlink()
    unpacked = sum(archive.unpacked for archive in record.archives)
    arrived = sum(map(_length, partials))
    _check_room(title, root, record.download_size - arrived + unpacked)
    before = 0
    for partial, archive in partials.items():
        _fetch(title, archive, partial, _part_of(progress, before, record.download_size))
        _check_digest(title, archive, partial)
        before += archive.size
    _unpack(record, partials, root)
    for partial in partials:
        partial.unlink()


def _part_of(progress: Progress, before: int, total: int) -> Progress:
    """Reports on one archive, as reports on all of them: ``before`` are the bytes of earlier ones."""
    return lambda done, _: progress(before + done, total)


def _signature(archive: Archive) -> bytes:
    return ZIP if archive.zipped else GZIP


def _begins_as(archive: Archive, path: Path) -> bool:
    with path.open("rb") as file:
        return _signature(archive).startswith(file.read(len(_signature(archive))))


def _length(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _check_room(title: str, root: Path, needed: int) -> None:
    free = shutil.disk_usage(root).free
    if free < needed:
        raise DownloadError(
            f"{title} needs {needed / MEGABYTE:.0f} MB more in {root}, and {free / MEGABYTE:.0f} MB "
            "are free. Make room, or set ROBUST_DATA to a folder on another disk."
        )


def _disk_trouble(error: OSError, root: Path) -> str:
    if error.errno == errno.ENOSPC:
        return f"The disk of {root} is full. Make room, or set ROBUST_DATA to another folder."
    return (
        f"{root} cannot be written to ({error.strerror or error}). Set ROBUST_DATA to one that can."
    )


def _fetch(title: str, archive: Archive, partial: Path, progress: Progress) -> None:
    """Append the rest of the archive to ``partial``."""
    done = _length(partial)
    if done > archive.size:
        partial.unlink()
        done = 0
    progress(done, archive.size)
    if done == archive.size:
        return
    with _open(title, archive, done, partial.parent) as response:
        resumed = response.status == 206 and _range_start(response) == done
        done = done if resumed else 0
        chunk = _first_chunk(title, archive, response, resumed)  # before it replaces what is there
        with partial.open("ab" if resumed else "wb") as file:
            while done < archive.size and chunk:
                file.write(chunk)
                done += len(chunk)
                progress(min(done, archive.size), archive.size)
                chunk = _read(response)
    if done < archive.size:
        raise DownloadError(
            f"The connection to {urlsplit(archive.url).hostname} broke off after "
            f"{done / MEGABYTE:.0f} of {archive.size / MEGABYTE:.0f} MB. "
            "Start the download again: it goes on from there."
        )


def _open(title: str, archive: Archive, start: int, root: Path) -> http.client.HTTPResponse:
    request = urllib.request.Request(archive.url, headers={"User-Agent": "robust-lab"})
    if start:
        request.add_header("Range", f"bytes={start}-")
    host = urlsplit(archive.url).hostname
    by_hand = f"or put an existing folder {archive.folder} into {root}."
    try:
        return urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        raise DownloadError(
            f"The server {host} answered {error.code} ({error.reason}) instead of {title}. Try again "
            f"later, {by_hand}"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise DownloadError(
            f"The server {host} cannot be reached ({reason}). Check the connection to the internet and try "
            f"again, {by_hand}"
        ) from error


def _first_chunk(
    title: str, archive: Archive, response: http.client.HTTPResponse, resumed: bool
) -> bytes:
    """The first bytes. Raises ``DownloadError`` where the answer is not the archive, or its rest."""
    host = urlsplit(response.url).hostname
    hint = (
        "If this network has a page to sign in, open it in a browser first. Then start the download "
        "again"
    )
    wanted = _signature(archive)
    chunk = _read(response)
    while 0 < len(chunk) < len(wanted) and (more := _read(response)):
        chunk += more
    if not resumed and not wanted.startswith(chunk[: len(wanted)]):
        kind = signatures.describe(chunk) or "something else"
        raise DownloadError(f"The server {host} sent {kind} instead of {title}. {hint}.")
    announced = _announced(response)
    if announced not in (None, archive.size):
        raise DownloadError(
            f"The server {host} announced {announced:,} bytes instead of the {archive.size:,} of {title}. "
            f"{hint}."
        )
    return chunk


def _announced(response: http.client.HTTPResponse) -> int | None:
    """The length of the whole archive, as the headers give it; None where they do not."""
    if response.status == 206:
        length = response.headers.get("Content-Range", "").rpartition("/")[2]
    else:
        length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _range_start(response: http.client.HTTPResponse) -> int | None:
    """The first byte of a partial answer, from ``Content-Range: bytes start-end/total``."""
    _, _, span = response.headers.get("Content-Range", "").partition(" ")
    start = span.partition("-")[0]
    return int(start) if start.isdecimal() else None


def _read(response: http.client.HTTPResponse) -> bytes:
    """The next bytes; none where the connection ends, cleanly or not."""
    try:
        return response.read1(CHUNK)
    except (OSError, http.client.HTTPException):
        return b""


def _check_digest(title: str, archive: Archive, partial: Path) -> None:
    with partial.open("rb") as file:
        digest = hashlib.file_digest(
            file, lambda: hashlib.new(archive.algorithm, usedforsecurity=False)
        ).hexdigest()
    if digest != archive.checksum:
        partial.unlink()
        raise DownloadError(
            f"What {urlsplit(archive.url).hostname} sent is not the official {title}: its "
            f"{ALGORITHMS[archive.algorithm]} is {digest[:16]}... instead of {archive.checksum[:16]}... "
            "It was deleted; try again."
        )


def _unpack(record: DataSet, packed: Mapping[Path, Archive], root: Path) -> None:
    """Unpack the expected members, and nothing else, beside the target, then move them there.

    Raises ``DownloadError``, and deletes what was ``packed``, where that is not a whole data set.
    """
    folder = record.archives[0].folder
    target = root / folder
    with tempfile.TemporaryDirectory(dir=root, prefix=".unpacking-") as scratch:
        try:
            for path, archive in packed.items():
                unpack(archive, path, Path(scratch))
            record.folder(scratch)
        except BROKEN as error:  # among them DataMissing
            for path in packed:
                path.unlink()
            raise DownloadError(
                f"The archive does not hold a whole {record.title} ({error}). It was deleted; try "
                "again."
            ) from error
        if target.exists():  # an earlier, damaged one
            shutil.rmtree(target)
        os.replace(Path(scratch) / folder, target)
