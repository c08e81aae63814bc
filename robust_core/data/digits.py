"""scikit-learn's 1797 hand-written digits, 8x8 grey (Alpaydin and Kaynak, UCI, 1998)."""

import gzip
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from robust_core.data.record import DataSet

CLASSES = tuple(str(digit) for digit in range(10))
TEST_SHARE, SPLIT_SEED = 0.25, 0


def load(split: str) -> tuple[Tensor, Tensor]:
    """Pictures, float32 ``[N, 1, 8, 8]`` in [0, 1], and labels, int64 ``[N]``.

    ``train`` holds 1347 pictures and ``test`` 450: a fixed stratified split.
    """
    pixels, labels = _whole()
    rows = _rows()[split]
    images = torch.from_numpy(pixels[rows]).div(16).view(-1, 1, 8, 8)
    return images, torch.from_numpy(labels[rows])


@cache
def _whole() -> tuple[np.ndarray, np.ndarray]:
    """Pixels, float32 ``[1797, 64]`` from 0 to 16, and labels, int64 ``[1797]``.

    From scikit-learn's own file: importing scikit-learn for it takes more than a second.
    """
    spec = find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the digits come with scikit-learn, which is not installed")
    path = Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"
    with gzip.open(path, "rt") as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.float32)
    return table[:, :-1], table[:, -1].astype(np.int64)


@cache
def _rows() -> dict[str, np.ndarray]:
    """The rows of each split: those of scikit-learn's ``train_test_split`` with labels as strata."""
    labels = _whole()[1]
    random = np.random.RandomState(SPLIT_SEED)  # its stream is frozen for good
    counts = np.bincount(labels)
    of_test = int(np.ceil(len(labels) * TEST_SHARE))
    trained = _proportional(counts, len(labels) - of_test, random)
    tested = _proportional(counts - trained, of_test, random)
    rows: dict[str, list[np.ndarray]] = {"train": [], "test": []}
    for label, (first, then) in enumerate(zip(trained, tested, strict=True)):
        mixed = np.flatnonzero(labels == label)[random.permutation(counts[label])]
        rows["train"].append(mixed[:first])
        rows["test"].append(mixed[first : first + then])
    return {split: random.permutation(np.concatenate(each)) for split, each in rows.items()}


def _proportional(counts: np.ndarray, n: int, random: np.random.RandomState) -> np.ndarray:
    """``n`` shared out among classes by their counts: the largest remainders first, ties by lot."""
    exact = counts / counts.sum() * n
    whole = np.floor(exact).astype(np.int64)
    rest = exact - whole
    for remainder in np.unique(rest)[::-1]:
        missing = n - whole.sum()
        if not missing:
            break
        tied = np.flatnonzero(rest == remainder)
        whole[random.choice(tied, min(len(tied), missing), replace=False)] += 1
    return whole


RECORD = DataSet(
    name="digits",
    title="digits",
    class_names=CLASSES,
    size=(8, 8),
    channels=1,
    splits={"train": 1347, "test": 450},
    licence="CC BY 4.0",
    credit="E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning "
    "Repository, 1998, as shipped with scikit-learn",
    link="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    read=lambda split, root: load(split),
    comes_with="scikit-learn",
    sample_title="Hand-written {label}",
    # An easily read one of each class, with its label.
    offered={1: 0, 5: 1, 0: 2, 30: 3, 2: 4, 26: 5, 8: 6, 9: 7, 12: 8, 3: 9},
    start_eps=0.15,
    detector_eps={"fgsm": 0.1, "bim": 0.1},
    alike_when_near=True,
)
