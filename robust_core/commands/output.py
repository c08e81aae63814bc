"""What commands print: one JSON object for machines, tables for people, progress on stderr."""

import json
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version

from tqdm import tqdm

import robust_core

PACKAGES = ("torch", "torchvision", "numpy", "pillow")


class Stopped(Exception):
    """The user ended a command on purpose. The message says what was kept and how to go on."""


def emit(value: dict, as_json: bool, text: str) -> None:
    """Print ``value`` as one JSON object, or ``text``."""
    print(json.dumps(value, indent=2, allow_nan=False) if as_json else text)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns in a line: the first to the left, the others, numbers mostly, to the right."""
    widths = [max(len(line[i]) for line in (heads, *rows)) for i in range(len(heads))]
    lines = (
        [cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(cells)]
        for cells in (list(zip(line, widths, strict=True)) for line in (heads, *rows))
    )
    return "\n".join("  ".join(line).rstrip() for line in lines)


def bar(total: int, description: str, unit: str, *, delay: float = 0, **options) -> tqdm:
    """A progress bar on stderr that leaves no trace; with ``delay`` it shows after so many seconds."""
    return tqdm(
        total=total,
        desc=description,
        unit=unit,
        file=sys.stderr,
        leave=False,
        delay=delay,
        dynamic_ncols=True,
        **options,
    )


def versions() -> dict[str, str]:
    """What a result depends on besides its inputs."""
    return {
        "robust_core": robust_core.__version__,
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }
