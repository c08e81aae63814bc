"""Sample pictures: real photographs from installed packages, and test pictures of data sets.

Nothing is drawn here and nothing is fetched: ``assets/samples.json`` says which file of which
installed package each photograph is, with its licence and credit.
"""

import importlib.util
import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from robust_core.data import cifar10, digits
from robust_core.data.picture import Picture
from robust_core.data.uploads import decode_upload
from robust_core.paths import ASSETS

INDEX = ASSETS / "samples.json"
OFFERED_CIFAR10 = 24
_TEST_PICTURE = re.compile(r"(digits|cifar10)-test-(\d{1,6})")


@dataclass(frozen=True)
class Sample:
    """A picture on offer: what it shows, whose it is, and which models know such pictures.

    ``suits`` names families of models ("cifar10", "imagenet", "digits"), ``data`` the data set
    that the picture is a test picture of, and ``label`` what it truly shows, where that is known.
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

    @property
    def picture(self) -> Picture:
        """The decoded picture, from a bounded cache."""
        return _picture(self.id, self.title, self.source)

    def label_among(self, class_names: tuple[str, ...]) -> str | None:
        """The true label where the model has a class of that name, else ``None``."""
        return self.label if self.label in class_names else None


def families() -> tuple[str, ...]:
    """The families of models that samples are sorted by."""
    return tuple(_index()["families"])


def catalogue(family: str | None = None, *, root: str | Path | None = None) -> list[Sample]:
    """The pictures to offer for a family of models, best first; without one, all of them.

    The first CIFAR-10 test pictures follow where the data is at or below ``root`` (default: the
    data folder). No pixels are read. Raises ``ValueError`` for an unknown family.
    """
    if family is not None and family not in families():
        raise ValueError(f"family must be one of {', '.join(families())}, not {family!r}")
    index = _index()
    ids = index["photographs"] if family is None else index["families"][family]
    samples = [_photograph(i) for i in ids]
    if family in (None, "digits"):
        offered = index["sets"]["digits"]["offered"]
        samples += [_test_picture("digits", number, label) for label, number in offered.items()]
    if family in (None, "cifar10") and cifar10.available(root):
        folder = cifar10.find(root)
        samples += [_cifar10_sample(number, folder) for number in range(OFFERED_CIFAR10)]
    return samples


def load(sample_id: str, *, root: str | Path | None = None) -> Sample:
    """The sample of an id: a photograph's, ``digits-test-N`` or ``cifar10-test-N``.

    Any N of the test set will do, not only those in the catalogue. Raises ``ValueError`` for an
    unknown id or N, and ``DataMissing`` (a ``ValueError``) where CIFAR-10 is not there.
    """
    if sample_id in _index()["photographs"]:
        return _photograph(sample_id)
    match = _TEST_PICTURE.fullmatch(sample_id)
    if match is None:
        raise ValueError(
            f"There is no sample {sample_id!r}. There are {', '.join(_index()['photographs'])}, "
            "digits-test-N and cifar10-test-N."
        )
    data, number = match[1], int(match[2])
    count = len(_digits()[1]) if data == "digits" else cifar10.RECORDS
    if number >= count:
        raise ValueError(f"{data} has the test pictures 0 to {count - 1}, not {number}.")
    if data == "cifar10":
        return _cifar10_sample(number, cifar10.find(root))
    return _test_picture("digits", number, digits.CLASSES[int(_digits()[1][number])])


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
    )


def _test_picture(data: str, number: int, label: str, source: Path | None = None) -> Sample:
    entry = _index()["sets"][data]
    return Sample(
        id=f"{data}-test-{number}",
        title=entry["title"].format(number=number, label=label),
        licence=entry["licence"],
        credit=entry["credit"],
        link=entry["link"],
        suits=(data,),
        label=label,
        data=data,
        source=source,
    )


def _cifar10_sample(number: int, folder: Path) -> Sample:
    label = int(_cifar10_record(number, folder)[0])
    if label >= len(cifar10.CLASSES):
        raise cifar10.DataMissing(f"{folder} is damaged: a label is {label}. {cifar10.REMEDY}")
    return _test_picture("cifar10", number, cifar10.CLASSES[label], folder)


@lru_cache(maxsize=64)
def _picture(sample_id: str, title: str, source: Path | None) -> Picture:
    match = _TEST_PICTURE.fullmatch(sample_id)
    if match is None:
        return decode_upload(source.read_bytes(), title)
    number = int(match[2])
    if match[1] == "digits":
        grey = np.rint(_digits()[0][number, 0].numpy() * 255).astype(np.uint8)
        return Picture.of(np.repeat(grey[:, :, None], 3, axis=2), title=title)
    planes = _cifar10_record(number, source)[1:].reshape(3, 32, 32)
    return Picture.of(planes.transpose(1, 2, 0), title=title)


@lru_cache(maxsize=1)
def _digits() -> tuple:
    return digits.load("test")


def _cifar10_record(number: int, folder: Path) -> np.ndarray:
    """One record of the test file: the label and 3072 values, without reading the rest."""
    return np.fromfile(
        folder / cifar10.FILES["test"][0],
        np.uint8,
        count=cifar10.RECORD_BYTES,
        offset=number * cifar10.RECORD_BYTES,
    )


@lru_cache(maxsize=4)
def _package_folder(package: str) -> Path:
    """Where a package is installed, found without importing it: that can take a second."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(
            f"The package {package}, which holds sample pictures, is not installed. "
            "Install it with: pip install -r requirements.txt"
        )
    return Path(spec.submodule_search_locations[0])
