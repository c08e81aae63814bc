"""The user's own pictures: a folder with one sub-folder per class, or files named by WordNet ids."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.data import signatures
from robust_core.data.fitting import as_taken
from robust_core.data.labelled import read_first
from robust_core.data.uploads import UploadError, decode_file

IGNORED = {
    *("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"),
    *("__macosx", "@eadir", "lost+found", "$recycle.bin", "system volume information", "#recycle"),
    *("#snapshot", "@recycle", "@recently-snapshot", "@tmp", "recycler"),
    *("network trash folder", "temporary items"),
}
"""What systems and archives add, in lower case, besides all that begins with a dot."""
SHOWN = 3
"""Names that a sentence lists before it ends in dots."""


def load_folder(
    path: str | Path,
    model: Classifier,
    limit: int | None = None,
    progress: Callable[[int, int], object] | None = None,
    on_unreadable: Callable[[str], object] | None = None,
) -> tuple[Tensor, Tensor]:
    """Pictures, float32 ``[N, C, H, W]`` in [0, 1] of the model's size, and labels, int64 ``[N]``.

    Classes take turns and files within a class are sorted by name, so that the first ``limit`` pictures
    hold a fair share of each. ``progress`` and ``on_unreadable``: see ``read_first``. Raises as
    ``files_by_class`` does, and for a file that is not a picture.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    found = files_by_class(path, model)
    queues = [[(file, label) for file in files] for label, files in found.items()]
    return read_first(
        take_turns(queues), lambda file: _load(file, model), limit, progress, on_unreadable
    )


def load_files(files: Sequence[Path], model: Classifier) -> Tensor:
    """Pictures, float32 ``[N, C, H, W]`` in [0, 1], cropped as the model's own pictures are.

    Every file passes the checks of ``decode_upload``. Raises ``UploadError`` with the file's name for one
    that is not a picture.
    """
    return torch.cat([_load(file, model) for file in files])


def files_by_class(path: str | Path, model: Classifier) -> dict[int, list[Path]]:
    """The files of each class, sorted by name, by the index of the class.

    Each sub-folder is named after a class of the model, its index, or its WordNet id where it has one.
    Without sub-folders, each picture's name begins with the WordNet id of its class and "_", as those of
    ImageNet do.

    Raises ``ValueError`` for a path that is not a folder or holds no pictures, for pictures outside the
    sub-folders, and for a sub-folder that names no class or the class of another, holds folders, or is
    empty. Nothing is left out silently but ``IGNORED``, names that begin with a dot, and files beside the
    sub-folders that are not pictures.
    """
    path = Path(path)
    if not path.is_dir():
        raise ValueError(f"There is no folder {path}.")
    named = _files_by_id(_visible(path), model)
    if named:
        return named
    return {label: _files(folder) for label, folder in _class_folders(path, model).items()}


def _files_by_id(entries: list[Path], model: Classifier) -> dict[int, list[Path]]:
    """Pictures whose names begin with the ids of classes; none unless all do, and there is no folder."""
    if not model.synsets or any(entry.is_dir() for entry in entries):
        return {}
    _check_links(entries)
    labels = {name: index for index, name in enumerate(model.synsets)}
    found: dict[int, list[Path]] = {}
    for entry in entries:
        if _is_picture(entry):
            label = labels.get(entry.name.partition("_")[0].lower())
            if label is None:
                return {}
            found.setdefault(label, []).append(entry)
    return found


def _class_folders(path: Path, model: Classifier) -> dict[int, Path]:
    """The sub-folders, each under the index of its class."""
    entries = _visible(path)
    _check_links(entries)
    folders = [entry for entry in entries if entry.is_dir()]
    loose = [entry.name for entry in entries if _is_picture(entry)]
    if not folders:
        raise ValueError(
            f"{path} holds no sub-folders with pictures. It needs one sub-folder per class, named like "
            f"the classes of {model.called} ({_listed(model.class_names, 10)}), with PNG, JPEG or WebP "
            "pictures in it."
        )
    if loose:
        raise ValueError(
            f"{path} holds pictures outside its sub-folders: {_listed(loose)}. Move each into the "
            "sub-folder of its class."
        )
    found: dict[int, Path] = {}
    for folder in folders:
        label = _class_index(folder, model)
        if label in found:
            raise ValueError(
                f"The sub-folders {found[label].name!r} and {folder.name!r} are the same class "
                f"({model.class_names[label]}): put their pictures into one."
            )
        found[label] = folder
    return found


def _files(folder: Path) -> list[Path]:
    """The files of a class, by name."""
    entries = _visible(folder)
    _check_links(entries)
    inner = [entry.name for entry in entries if entry.is_dir()]
    if inner:
        raise ValueError(
            f"The sub-folder {folder.name!r} holds folders itself: {_listed(inner)}. Put its pictures "
            "directly into it."
        )
    if not entries:
        raise ValueError(
            f"The sub-folder {folder.name!r} is empty: put pictures into it, or delete it."
        )
    return entries


def _visible(folder: Path) -> list[Path]:
    try:
        return sorted(
            entry
            for entry in folder.iterdir()
            if not entry.name.startswith(".") and entry.name.lower() not in IGNORED
        )
    except OSError as error:
        raise ValueError(f"{folder} cannot be read ({error.strerror or error}).") from error


def _check_links(entries: list[Path]) -> None:
    """Raise ``ValueError`` for a link whose target is missing, and for anything but a file."""
    for entry in entries:
        shown = f"{entry.parent.name}/{entry.name}"
        if entry.is_symlink() and not os.path.exists(entry):
            raise ValueError(f"{shown} is a link to {os.readlink(entry)}, which is not there.")
        if not entry.is_dir() and not entry.is_file():
            raise ValueError(f"{shown} is neither a file nor a folder.")


def _is_picture(entry: Path) -> bool:
    if entry.is_dir():
        return False
    try:
        with entry.open("rb") as file:
            return str(signatures.describe(file.read(64))).endswith(" picture")
    except OSError:
        return False


def _class_index(folder: Path, model: Classifier) -> int:
    name = folder.name
    if [c.lower() for c in model.class_names].count(name.strip().lower()) > 1:
        raise ValueError(
            f"{model.called} has several classes called {name!r}: name the sub-folder by the index."
        )
    try:
        return model.index_of(name)
    except ValueError as error:
        inner = [entry.name for entry in _visible(folder) if entry.is_dir()]
        hint = f" It holds folders itself ({_listed(inner)}): give {folder}?" if inner else ""
        raise ValueError(f"The sub-folder {name!r} is not a class. {error}.{hint}") from error


def _listed(names: list[str] | tuple[str, ...], count: int = SHOWN) -> str:
    return ", ".join(names[:count]) + (" ..." if len(names) > count else "")


def take_turns(queues: list[list]) -> list:
    """First the first of each queue, then the second of each, and so on."""
    turns = ((turn, i, item) for i, queue in enumerate(queues) for turn, item in enumerate(queue))
    return [item for _, _, item in sorted(turns, key=lambda entry: entry[:2])]


def _load(file: Path, model: Classifier) -> Tensor:
    try:
        picture = decode_file(file)
    except UploadError as error:
        raise UploadError(f"{file.parent.name}/{error}") from error
    return as_taken(picture.pixels, model)
