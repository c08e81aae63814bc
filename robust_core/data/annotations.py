"""Annotation files of the traffic signs: for each picture the box of its sign and its class.

They are CSV with semicolons; columns besides ``COLUMNS`` (the picture's width and height) are not read.
"""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

COLUMNS = ("Filename", "Roi.X1", "Roi.Y1", "Roi.X2", "Roi.Y2", "ClassId")
MAX_BYTES = 2**23
"""Of a file: the largest official one has 0.4 MB."""


@dataclass(frozen=True)
class Annotated:
    """A picture's file, the box of its sign (left, top, right, bottom; the last two outside) and class."""

    path: Path
    box: tuple[int, int, int, int]
    label: int

    def check_box(self, width: int, height: int) -> None:
        """Raise ``ValueError`` where the box is not within a picture of this size."""
        left, top, right, bottom = self.box
        if not (left < right <= width and top < bottom <= height):
            raise ValueError(f"the box {self.box} is not within its {width} x {height} pixels")


def read(path: Path, pictures: Path, name: re.Pattern, classes: int) -> list[Annotated]:
    """The rows of a file, sorted by the name of their picture, which lies in the folder ``pictures``.

    Raises ``ValueError`` with what is wrong: a file that is too large, is not text, or lacks a column; a
    row with a name that does not match ``name`` or is repeated, a value that is not a number, or a class
    that is not below ``classes``.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise ValueError(f"it has {size:,} bytes")
    try:
        rows = csv.DictReader(io.StringIO(path.read_text(encoding="ascii")), delimiter=";")
        lacks = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
        if lacks:
            raise ValueError(f"the column {lacks[0]} is missing")
        found = [_annotated(row, pictures, name, classes) for row in rows]
    except csv.Error as error:
        raise ValueError(str(error)) from error
    if len({one.path for one in found}) != len(found):
        raise ValueError("a picture is named twice")
    return sorted(found, key=lambda one: one.path.name)


def _annotated(
    row: dict[str, str | None], pictures: Path, name: re.Pattern, classes: int
) -> Annotated:
    file, *numbers = (row[column] for column in COLUMNS)
    if file is None or not name.fullmatch(file):
        raise ValueError(f"{file!r} is not the name of a picture")
    if not all(number and number.isdecimal() and len(number) < 6 for number in numbers):
        raise ValueError(f"the box or class of {file} is not a number")
    left, top, right, bottom, label = map(int, numbers)  # type: ignore[arg-type]
    if label >= classes:
        raise ValueError(f"{file} has the class {label}, and {classes - 1} is the last")
    return Annotated(pictures / file, (left, top, right, bottom), label)
