"""What commands print: one JSON object for machines, tables for people, progress on stderr."""

import ctypes
import os
import platform
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tqdm import tqdm

import robust_core
from robust_core import files

PACKAGES = ("torch", "torchvision", "numpy", "pillow")


class Stopped(Exception):
    """The user ended a command on purpose. The message says what was kept and how to go on."""


@contextmanager
def stopping(sentence: Callable[[], str]) -> Iterator[None]:
    """Turn Ctrl-C within the block into ``Stopped``, with what ``sentence`` says then."""
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped(sentence()) from None


@contextmanager
def only_ours() -> Iterator[None]:
    """Send what libraries in C print to stderr within the block, where that can be done.

    HiGHS now and then prints a line of its own, which would spoil the JSON.
    """
    try:
        libc = ctypes.CDLL(None)
        sys.stdout.flush()
        kept = os.dup(1)
    except (OSError, TypeError, AttributeError, ValueError):
        yield
        return
    os.dup2(2, 1)
    try:
        yield
    finally:
        libc.fflush(None)
        os.dup2(kept, 1)
        os.close(kept)


def flag(name: str) -> str:
    """``step_size`` as one types it: ``--step-size``."""
    return "--" + name.replace("_", "-")


def command_line(*words: str, **options: object) -> str:
    """``python -m robust_core`` with these words and options, to copy; None and False are left out."""
    line = ["python", "-m", "robust_core", *words]
    for name, value in options.items():
        if value is True:
            line.append(flag(name))
        elif value is not None and value is not False:
            values = value if isinstance(value, list) else [value]
            line += [flag(name), *map(_written, values)]
    return shlex.join(line)


def _written(value: object) -> str:
    """A value as one would type it: 2/255 rather than 0.00784313725490196."""
    if isinstance(value, float) and round(255 * value) / 255 == value:
        return f"{round(255 * value)}/255"
    return str(value)


def emit(value: dict, as_json: bool, text: str, trouble: OSError | None = None) -> None:
    """Print ``value`` as one JSON object, or ``text``, with a replacement for what cannot be printed.

    Then raises ``trouble``, if any: what kept a file from being written must not cost the result.
    """
    print(files.json_text(printable(value)) if as_json else printable(text))
    if trouble:
        raise trouble


def printable(value: Any) -> Any:
    """The same with U+FFFD for each byte of a file name that is not UTF-8: JSON has no word for those."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(value, dict):
        return {printable(k): printable(v) for k, v in value.items()}
    return [printable(v) for v in value] if isinstance(value, list | tuple) else value


def trouble_with(write: Callable[[], object]) -> OSError | None:
    """Write, and return what went wrong, as on a full disk: ``emit`` raises it after the result."""
    try:
        write()
    except OSError as error:
        return error
    return None


def alone_at(out: Path | None) -> AbstractContextManager[None]:
    """Have a result to oneself that is read, added to and written many times; None is no file.

    Raises ``files.Locked`` where another process is at it: its rows would be lost.
    """
    if out is None:
        return nullcontext()
    busy = f"Another evaluation writes {out}: wait for its end, or give --out"
    return files.locked(out.with_name(f"{out.name}.lock"), busy)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns in a line: the first to the left, the others, numbers mostly, to the right."""
    widths = [max(len(line[i]) for line in (heads, *rows)) for i in range(len(heads))]
    lines = (
        [cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(cells)]
        for cells in (list(zip(line, widths, strict=True)) for line in (heads, *rows))
    )
    return "\n".join("  ".join(line).rstrip() for line in lines)


def bar(total: int, description: str, unit: str, *, delay: float = 0, **options) -> tqdm:
    """A progress bar on stderr that leaves no trace; it appears after ``delay`` seconds."""
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


@contextmanager
def pieces(
    description: str = "", unit: str = " pieces"
) -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar for work of many kinds: call it with what is done now, how far, and of how many."""
    with bar(1, description, unit) as shown:

        def show(what: str, k: int, n: int) -> None:
            shown.set_description(what, refresh=False)
            shown.total, shown.n = n, k
            shown.refresh()

        yield show


def versions() -> dict[str, str]:
    """What a result depends on besides its inputs."""
    return {
        "robust_core": robust_core.__version__,
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }
