"""Sample pictures: real photographs from installed packages, and test pictures of data sets.

Nothing is generated or downloaded: ``assets/samples.json`` says which file of which installed package
each photograph is, with its licence and credit.
"""

import importlib.util
import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from robust_core import data
from robust_core.data.picture import Picture
from robust_core.data.uploads import decode_upload
from robust_core.paths import ASSETS

INDEX = ASSETS / "samples.json"
_TEST_PICTURE = re.compile(r"(.+)-test-(\d{1,7})")


@dataclass(frozen=True)
class Sample:
    """A picture on offer: what it shows, its source, and which models know such pictures.

    ``suits`` names families of models (``zoo.family``), ``data`` the data set that the picture is a
    test picture of, and ``label`` the true class, where that is known. ``part`` is (top, left, height,
    width) of a photograph that is shown in part.
    """

    id: str
    title: str
    licence: str
    credit: str
    link: str
    suits: tuple[str, ...]
    label: str | None = None
    data: str | None = None
    source: Path | None = field(default=None, repr=False)
    part: tuple[int, int, int, int] | None = None

    @property
    def picture(self) -> Picture:
        """The decoded picture, from a bounded cache."""
        return _picture(self.id, self.title, self.source, self.part)

    def label_among(self, class_names: tuple[str, ...]) -> str | None:
        """The true label where the model has a class of that name, else ``None``."""
        return self.label if self.label in class_names else None


def families() -> tuple[str, ...]:
    """The families of models that samples are grouped by."""
    return tuple(dict.fromkeys([*_index()["families"], *(record.family for record in _records())]))


def catalogue(family: str | None = None, *, root: str | Path | None = None) -> list[Sample]:
    """The pictures to offer for a family of models, best first; without a family, all of them.

    Test pictures of its data sets follow, where these are at or below ``root`` (default: the data
    folder). If that leaves none at all, all photographs are offered. Only labels are read.
    Raises ``ValueError`` for an unknown family.
    """
    if family is not None and family not in families():
        raise ValueError(f"family must be one of {', '.join(families())}, not {family!r}")
    index = _index()
    ids = index["photographs"] if family is None else index["families"].get(family, ())
    samples = [_photograph(i) for i in ids]
    for record in _records():
        if family in (None, record.family) and record.available(root):
            folder = record.folder(root)
            samples += [
                _test_picture(record, n, folder, label) for n, label in record.offered.items()
            ]
    return samples or [_photograph(i) for i in index["photographs"]]


def load(sample_id: str, *, root: str | Path | None = None) -> Sample:
    """The sample with an id: a photograph's, or ``NAME-test-N`` of a data set.

    N may be any number in the test set, not only those in the catalogue. Raises ``ValueError`` for an
    unknown id or N, and ``DataMissing`` (a ``ValueError``) where the data is missing.
    """
    if sample_id in _index()["photographs"]:
        return _photograph(sample_id)
    match = _TEST_PICTURE.fullmatch(sample_id)
    if match is None or match[1] not in data.names():
        tests = " and ".join(f"{name}-test-N" for name in data.names())
        raise ValueError(
            f"There is no sample {sample_id!r}. There are {', '.join(_index()['photographs'])}, {tests}."
        )
    record, number = data.get(match[1]), int(match[2])
    record.check_number(number)
    return _test_picture(record, number, record.folder(root))


def _records() -> list[data.DataSet]:
    return [data.get(name) for name in data.names()]


@lru_cache(maxsize=1)
def _index() -> dict:
    return json.loads(INDEX.read_text(encoding="utf-8"))


def _photograph(sample_id: str) -> Sample:
    index = _index()
    entry = index["photographs"][sample_id]
    package, _, inside = entry["file"].partition("/")
    return Sample(
        id=sample_id,
        title=entry["title"],
        licence=entry["licence"],
        credit=entry["credit"],
        link=entry["link"],
        suits=tuple(name for name, ids in index["families"].items() if sample_id in ids),
        label=entry.get("label"),
        source=_package_folder(package) / inside,
        part=tuple(entry["part"]) if "part" in entry else None,
    )


def _test_picture(
    record: data.DataSet, number: int, folder: Path | None, label: int | None = None
) -> Sample:
    """A test picture; its label is read if it is not given."""
    shown = record.class_names[record.test_picture(number, folder)[1] if label is None else label]
    return Sample(
        id=f"{record.name}-test-{number}",
        title=record.sample_title.format(title=record.title, number=number, label=shown),
        licence=record.licence,
        credit=record.credit,
        link=record.link,
        suits=(record.family,),
        label=shown,
        data=record.name,
        source=folder,
    )


@lru_cache(maxsize=64)
def _picture(
    sample_id: str, title: str, source: Path | None, part: tuple[int, int, int, int] | None
) -> Picture:
    match = _TEST_PICTURE.fullmatch(sample_id)
    if match is None:
        assert source is not None
        whole = decode_upload(source.read_bytes(), title)
        if part is None:
            return whole
        top, left, height, width = part
        return Picture.of(whole.pixels[top : top + height, left : left + width], title=title)
    pixels, _ = data.get(match[1]).test_picture(int(match[2]), source)
    return Picture.of(np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels, title=title)


@lru_cache(maxsize=4)
def _package_folder(package: str) -> Path:
    """Where a package is installed, found without importing it, which can take a second."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(
            f"The package {package}, which holds sample pictures, is not installed. "
            "Install it with: pip install -r requirements.txt"
        )
    return Path(spec.submodule_search_locations[0])
