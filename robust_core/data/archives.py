"""The user's own labelled pictures in a ZIP file: one folder per class, judged before it is unpacked.

Nothing is written to the disk: names in the archive are labels, never paths.
"""

import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import PurePosixPath

import torch
from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.data.fitting import as_taken
from robust_core.data.folder import IGNORED, take_turns
from robust_core.data.uploads import UploadError, decode_upload

LARGEST = 128 * 2**20
"""Bytes of the archive."""
MOST = 10_000
"""Files in it."""
PICTURE = 8 * 2**20
"""Bytes of a picture once it is unpacked, as for one that is uploaded alone."""
HOW = "It needs one folder per class, named like the class, with PNG, JPEG or WebP pictures in it."


def load_zip(
    content: bytes,
    model: Classifier,
    limit: int | None = None,
    progress: Callable[[int, int], object] = lambda k, n: None,
) -> tuple[Tensor, Tensor]:
    """Pictures, float32 ``[N, C, H, W]`` in [0, 1] of the model's size, and labels, int64 ``[N]``.

    Classes take turns, as in ``folder.load_folder``; ``limit`` takes the first ones only. ``progress`` is
    called as (pictures read, pictures).

    Raises ``ValueError`` for what is no ZIP file, holds too many files, files that grow beyond a picture's
    bound, encrypted ones, names that climb out of it, folders that are no class, and no pictures at all.
    """
    archive, chosen = _chosen(content, model, limit)
    images = []
    for k, (entry, _) in enumerate(chosen):
        progress(k, len(chosen))
        images.append(_picture(archive, entry, model))
    labels = torch.tensor([label for _, label in chosen], dtype=torch.int64, device="cpu")
    return torch.cat(images), labels


def _chosen(
    content: bytes, model: Classifier, limit: int | None
) -> tuple[zipfile.ZipFile, list[tuple[zipfile.ZipInfo, int]]]:
    if len(content) > LARGEST:
        raise ValueError(
            f"The ZIP file has {len(content) / 2**20:,.0f} MB; at most {LARGEST // 2**20} MB are read"
        )
    try:
        archive = zipfile.ZipFile(BytesIO(content))
        entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError) as error:
        raise ValueError(f"This is no ZIP file, or a damaged one. {HOW}") from error
    if len(entries) > MOST:
        raise ValueError(f"The ZIP file holds {len(entries):,} files; at most {MOST:,} are read")
    found: dict[int, list[tuple[zipfile.ZipInfo, int]]] = {}
    for entry in sorted(entries, key=lambda e: e.filename):
        if (label := _label(entry, model)) is not None:
            found.setdefault(label, []).append((entry, label))
    if not found:
        raise ValueError(f"The ZIP file holds no pictures in folders. {HOW}")
    return archive, take_turns([found[label] for label in sorted(found)])[:limit]


def _label(entry: zipfile.ZipInfo, model: Classifier) -> int | None:
    """The class whose folder a file lies in; None for what is no picture."""
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in entry.filename[:3]:
        raise ValueError(
            f"The ZIP file holds the name {entry.filename[:80]!r}, which leads out of it: make it again"
        )
    hidden = any(part.startswith(".") or part.lower() in IGNORED for part in path.parts)
    if entry.is_dir() or hidden:
        return None
    if len(path.parts) < 2:
        raise ValueError(f"The ZIP file holds {path.name[:80]!r} outside its folders. {HOW}")
    try:
        return model.index_of(path.parts[-2])
    except ValueError as error:
        raise ValueError(f"The folder {path.parts[-2][:80]!r} is no class. {error}") from error


def _picture(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, model: Classifier) -> Tensor:
    """One picture ``[1, C, H, W]``. Raises ``ValueError`` with the file's name."""
    name = entry.filename[:80]
    if entry.flag_bits & 1:
        raise ValueError(f"{name!r} is encrypted: make the ZIP file without a password")
    try:
        with archive.open(entry) as file:
            data = file.read(PICTURE + 1)  # whatever size the archive declares
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError) as error:
        raise ValueError(f"{name!r} in the ZIP file is damaged") from error
    if len(data) > PICTURE:
        raise ValueError(
            f"{name!r} grows beyond {PICTURE // 2**20} MB when it is unpacked: such a picture is not read"
        )
    try:
        picture = decode_upload(data, name)
    except UploadError as error:
        raise ValueError(f"{name!r}: {error}") from error
    return as_taken(picture.pixels, model)
