"""Class names from one line of text: a data set's name, ImageNet's, a file with one a line, or a list."""

import json
from pathlib import Path

from robust_core import data

IMAGENET = "imagenet"
MOST = 100_000
LONGEST = 4 * 2**20
"""Bytes of a file of names."""


def names_of(text: str) -> tuple[str, ...]:
    """The classes that ``text`` stands for, in the order of the logits.

    ``cifar10`` or another registered data set; ``imagenet``; a file with one name a line, or a JSON list;
    or names with commas between them. Raises ``ValueError`` where it is none of these.
    """
    text = text.strip()
    if text in data.names():
        return data.get(text).class_names
    if text == IMAGENET:
        return imagenet_names()
    if "," not in text and "\n" not in text:
        path = Path(text)
        if not path.is_file():
            raise ValueError(
                f"classes must be one of {', '.join(data.names())}, {IMAGENET}, a file with one name a "
                f"line, or names with commas between them; got {text!r}"
            )
        if path.stat().st_size > LONGEST:
            raise ValueError(
                f"The file of class names {text!r} has more than {LONGEST // 2**20} MB"
            )
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"The file of class names {str(path)!r} is not text") from error
    return listed(text)


def listed(text: str) -> tuple[str, ...]:
    """Names in a JSON list, one a line, or with commas between them."""
    if text.lstrip().startswith("["):
        try:
            names = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"The list of class names is not valid JSON ({error})") from error
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError("The JSON of class names must be a list of strings")
    else:
        names = [
            part.strip()
            for part in (text.splitlines() if "\n" in text.strip() else text.split(","))
        ]
    names = [name for name in names if name]
    if not 2 <= len(names) <= MOST:
        raise ValueError(f"There must be 2 to {MOST:,} class names; got {len(names):,}")
    return tuple(names)


def imagenet_names() -> tuple[str, ...]:
    """torchvision's names of the 1,000 classes."""
    import torchvision

    from robust_core.zoo import imagenet

    weights = torchvision.models.SqueezeNet1_0_Weights.DEFAULT
    return imagenet.unique(weights.meta["categories"])
