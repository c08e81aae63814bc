"""The user's own pictures: a folder with one sub-folder per class."""

from pathlib import Path

import torch
from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.data.fitting import fit, to_tensor
from robust_core.data.uploads import UploadError, decode_file

# Files that operating systems add to folders, besides those whose name starts with a dot.
IGNORED = {"thumbs.db", "desktop.ini"}


def load_folder(
    path: str | Path, model: Classifier, limit: int | None = None
) -> tuple[Tensor, Tensor]:
    """Pictures, float32 ``[N, C, H, W]`` in [0, 1] of the model's size, and labels, int64 ``[N]``.

    Each sub-folder is named after a class of the model, or its index. Classes take turns and files
    within a class are sorted by name, so that the first ``limit`` pictures hold a fair share of each.
    Every file passes the checks of ``decode_upload`` and is cropped as the model's own pictures are.

    Raises ``ValueError`` for a path that is not a folder or holds no pictures and for a sub-folder
    that names no class; ``UploadError`` with the file's name for a file that is not a picture.
    """
    path = Path(path)
    if not path.is_dir():
        raise ValueError(f"There is no folder {path}.")
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    folders = [entry for entry in _visible(path) if entry.is_dir()]
    labels = [_class_index(folder.name, model) for folder in folders]
    queues = [
        [(file, label) for file in _visible(folder)]
        for folder, label in zip(folders, labels, strict=True)
    ]
    files = _take_turns(queues)[:limit]
    if not files:
        raise ValueError(
            f"{path} holds no pictures. It needs one sub-folder per class, named like the classes of "
            f"{model.name} ({_some_classes(model)}), with PNG, JPEG or WebP pictures in it."
        )
    images = [_load(file, model) for file, _ in files]
    return torch.cat(images), torch.tensor([label for _, label in files])


def _visible(folder: Path) -> list[Path]:
    return sorted(
        entry
        for entry in folder.iterdir()
        if not entry.name.startswith(".") and entry.name.lower() not in IGNORED
    )


def _class_index(name: str, model: Classifier) -> int:
    if [c.lower() for c in model.class_names].count(name.strip().lower()) > 1:
        raise ValueError(
            f"{model.name} has several classes called {name!r}: name the sub-folder by the index."
        )
    try:
        return model.index_of(name)
    except ValueError as error:
        raise ValueError(f"The sub-folder {name!r} is no class. {error}") from error


def _some_classes(model: Classifier) -> str:
    return ", ".join(model.class_names[:10]) + (" ..." if len(model.class_names) > 10 else "")


def _take_turns(queues: list[list]) -> list:
    """First the first of each queue, then the second of each, and so on."""
    turns = ((turn, i, item) for i, queue in enumerate(queues) for turn, item in enumerate(queue))
    return [item for _, _, item in sorted(turns, key=lambda entry: entry[:2])]


def _load(file: Path, model: Classifier) -> Tensor:
    try:
        picture = decode_file(file)
    except UploadError as error:
        raise UploadError(f"{file.parent.name}/{error}") from error
    pixels = fit(
        picture.pixels,
        size=model.input_size,
        resize=model.resize,
        channels=model.channels,
        how="crop",
    )
    return to_tensor(pixels)
