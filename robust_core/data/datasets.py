"""Test sets by name, checked against the model that is to be tested on them."""

from pathlib import Path

from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.data import cifar10, digits
from robust_core.data.folder import load_folder

NAMES = ("cifar10", "digits")


def load_test_set(
    name: str | Path, model: Classifier, limit: int | None = None, root: str | Path | None = None
) -> tuple[Tensor, Tensor]:
    """Pictures, float32 ``[N, C, H, W]`` in [0, 1], and labels, int64 ``[N]``.

    ``name`` is "cifar10" (10,000 pictures, at or below ``root``), "digits" (450) or a folder with
    one sub-folder per class; ``limit`` takes the first so many. Raises ``ValueError`` for an unknown
    name, a limit below 1, missing data, and pictures that are not what the model takes.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    if name == "cifar10":
        _check_fit(name, (3, 32, 32), cifar10.CLASSES, model)
        pixels, labels = cifar10.load("test", root)
        return pixels[:limit].float().div_(255), labels[:limit]
    if name == "digits":
        _check_fit(name, (1, 8, 8), digits.CLASSES, model)
        images, labels = digits.load("test")
        return images[:limit], labels[:limit]
    if not Path(name).is_dir():
        raise ValueError(
            f"There is no data {str(name)!r}: give {', '.join(NAMES)} or a folder with one "
            "sub-folder per class."
        )
    return load_folder(name, model, limit)


def _check_fit(
    name: str, shape: tuple[int, int, int], classes: tuple[str, ...], model: Classifier
) -> None:
    wanted = (model.channels, *model.input_size)
    if wanted != shape:
        raise ValueError(
            f"{name} pictures are {_in_words(shape)}; {model.name} takes {_in_words(wanted)}: "
            "choose the data that the model was made for, or a folder of pictures."
        )
    if len(model.class_names) != len(classes):
        raise ValueError(
            f"{name} has {len(classes)} classes and {model.name} {len(model.class_names)}: "
            "choose the data that the model was made for."
        )


def _in_words(shape: tuple[int, int, int]) -> str:
    channels, height, width = shape
    return f"{height}x{width} {'grey' if channels == 1 else 'RGB'}"
