"""Fetching a data set: resumable, checked before it is unpacked, placed in one step."""

import errno
import hashlib
import http.client
import os
import shutil
import tarfile
import tempfile
import threading
import urllib.error
import urllib.request
import zlib
from pathlib import Path
from urllib.parse import urlsplit

from robust_core.data.record import Archive, DataMissing, DataSet
from robust_core.paths import data_folder
from robust_core.progress import Progress

CHUNK = 2**18
MEGABYTE = 10**6
TIMEOUT = 30.0  # seconds without a byte

_running = threading.Lock()


class DownloadError(ValueError):
    """A download that did not succeed. The message says why and what to do."""


def fetch(
    record: DataSet, root: str | Path | None = None, *, progress: Progress | None = None
) -> Path:
    """The folder of a data set below ``root`` (default: the data folder), downloaded if needed.

    ``progress(done, total)`` gets the bytes; raising from it abandons the download. What has arrived
    stays in a ``.partial`` file beside the target, and the next call resumes from there. Raises
    ``DownloadError`` where the server cannot be reached, the bytes are not the official ones, the disk
    is full, or another download is under way in this process, and ``ValueError`` for a data set that
    has no download.
    """
    archive, find = record.archive, record.find
    if archive is None or find is None:
        raise ValueError(f"{record.name} is not downloaded")
    root = Path(root) if root is not None else data_folder()
    if record.available(root):
        return find(root)
    if not _running.acquire(blocking=False):
        raise DownloadError("A data set is being downloaded already. Wait for it to finish.")
    try:
        root.mkdir(parents=True, exist_ok=True)
        partial = root / f"{archive.name}.partial"
        _check_room(record.title, root, archive.size - _length(partial) + archive.unpacked)
        _fetch(record.title, archive, partial, progress or (lambda done, total: None))
        _check_digest(record.title, archive, partial)
        _unpack(record, archive, partial, root)
        partial.unlink()
    except OSError as error:
        raise DownloadError(_disk_trouble(error, root)) from error
    finally:
        _running.release()
    return find(root)


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
    with _open(title, archive, done) as response:
        resumed = response.status == 206 and _range_start(response) == done
        done = done if resumed else 0
        with partial.open("ab" if resumed else "wb") as file:
            while done < archive.size and (chunk := _read(response)):
                file.write(chunk)
                done += len(chunk)
                progress(min(done, archive.size), archive.size)
    if done < archive.size:
        raise DownloadError(
            f"The connection to {urlsplit(archive.url).hostname} broke off after "
            f"{done / MEGABYTE:.0f} of {archive.size / MEGABYTE:.0f} MB. "
            "Start the download again: it goes on from there."
        )


def _open(title: str, archive: Archive, start: int) -> http.client.HTTPResponse:
    request = urllib.request.Request(archive.url, headers={"User-Agent": "robust-lab"})
    if start:
        request.add_header("Range", f"bytes={start}-")
    host = urlsplit(archive.url).hostname
    try:
        return urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        raise DownloadError(
            f"{host} answered {error.code} ({error.reason}) instead of {title}. Try again later."
        ) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise DownloadError(
            f"{host} cannot be reached ({reason}). Check the connection to the internet and try again, "
            f"or put an existing {archive.folder} folder into the data folder."
        ) from error


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
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != archive.sha256:
        partial.unlink()
        raise DownloadError(
            f"What {urlsplit(archive.url).hostname} sent is not the official {title}: its SHA-256 is "
            f"{digest[:16]}... instead of {archive.sha256[:16]}... It was deleted; try again."
        )


def _unpack(record: DataSet, archive: Archive, packed: Path, root: Path) -> None:
    """Unpack the expected members, and nothing else, beside the target, then move them there."""
    target = root / archive.folder
    with tempfile.TemporaryDirectory(dir=root, prefix=".unpacking-") as scratch:
        try:
            with tarfile.open(packed, "r:gz") as tar:
                for name in archive.members:
                    tar.extract(f"{archive.folder}/{name}", scratch, filter="data")
            record.folder(scratch)
        except (tarfile.TarError, zlib.error, KeyError, EOFError, DataMissing) as error:
            packed.unlink()
            raise DownloadError(
                f"The archive does not hold a whole {record.title} ({error}). It was deleted; try "
                "again."
            ) from error
        if target.exists():  # an earlier, damaged one
            shutil.rmtree(target)
        os.replace(Path(scratch) / archive.folder, target)
