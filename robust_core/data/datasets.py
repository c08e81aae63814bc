"""Test sets by name, checked against the model to be tested on them."""

from collections.abc import Callable
from pathlib import Path

from torch import Tensor

from robust_core import data
from robust_core.classifier import Classifier
from robust_core.data.archives import check_size, load_zip
from robust_core.data.folder import load_folder
from robust_core.data.record import to_float

KINDS = "a folder with one sub-folder per class, or a ZIP file of such a folder"


def load_test_set(
    name: str | Path,
    model: Classifier,
    limit: int | None = None,
    root: str | Path | None = None,
    *,
    progress: Callable[[int, int], object] | None = None,
    on_unreadable: Callable[[str], object] | None = None,
) -> tuple[Tensor, Tensor]:
    """Pictures, float32 ``[N, C, H, W]`` in [0, 1], and labels, int64 ``[N]``.

    ``name`` is a registered data set (its test split, at or below ``root``), a folder with one sub-folder
    per class, or a ZIP file of such a folder; ``limit`` takes the first ones only. ``progress`` and
    ``on_unreadable``, for folders and ZIP files: see ``labelled.read_first``. Raises ``ValueError`` for an
    unknown name, a limit below 1, missing data, and pictures that do not fit the model.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    if name in data.names():
        record = data.get(str(name))
        check_fit(record, model)
        images, labels = record.sized(
            "test", model.input_size, model.resize, root=root, limit=limit
        )
        return to_float(images), labels
    path = Path(name)
    if path.is_dir():
        return load_folder(path, model, limit, progress, on_unreadable)
    if path.is_file():
        return load_zip(_archive(path), model, limit, progress, on_unreadable)
    raise ValueError(f"There is no data {str(name)!r}: give {', '.join(data.names())}, {KINDS}.")


def _archive(path: Path) -> bytes:
    """The bytes of a ZIP file. Raises ``ValueError`` for one that is too large or cannot be read."""
    try:
        check_size(path.stat().st_size)
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror or error}).") from error


def check_fit(record: data.DataSet, model: Classifier) -> None:
    """Raise ``ValueError`` where the pictures of a data set are not those that the model takes."""
    wanted = (model.channels, *model.input_size)
    if model.channels != record.channels or not record.has_size(model.input_size):
        raise ValueError(
            f"{record.name} pictures are {in_words(record.shape)}; {model.called} takes "
            f"{in_words(wanted)}: choose the data that the model was trained on, or a folder of pictures."
        )
    if len(model.class_names) != len(record.class_names):
        raise ValueError(
            f"{record.name} has {len(record.class_names)} classes and {model.called} "
            f"{len(model.class_names)}: choose the data that the model was trained on."
        )


def in_words(shape: tuple[int, int, int]) -> str:
    """A shape ``(C, H, W)`` for people: "8x8 grey"."""
    channels, height, width = shape
    return f"{height}x{width} {'grey' if channels == 1 else 'RGB'}"
