"""CIFAR-10 (Krizhevsky, 2009): a reader of the official binary layout.

Each file ``data_batch_1.bin`` ... ``data_batch_5.bin`` and ``test_batch.bin`` in
``cifar-10-batches-bin`` holds 10,000 records of 3073 bytes: the label, then 1024 red, 1024 green
and 1024 blue values, row by row.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from robust_core.data.record import Archive, DataMissing, DataSet
from robust_core.paths import data_folder

FOLDER = "cifar-10-batches-bin"
CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
FILES = {"train": tuple(f"data_batch_{i}.bin" for i in range(1, 6)), "test": ("test_batch.bin",)}
RECORDS, RECORD_BYTES = 10_000, 1 + 3 * 32 * 32
REMEDY = "Get it with: python -m robust_core data download cifar10"


def find(root: str | Path | None = None) -> Path:
    """The folder with the ``.bin`` files, at or below ``root`` (default: the data folder).

    Raises ``DataMissing`` where there is none or a file is missing or of the wrong length.
    """
    root = Path(root) if root is not None else data_folder()
    folder = next((f for f in (root, root / FOLDER) if (f / "test_batch.bin").is_file()), None)
    if folder is None:
        raise DataMissing(f"No CIFAR-10 in {root}: there is no {FOLDER}/test_batch.bin. {REMEDY}")
    for name in (*FILES["train"], *FILES["test"]):
        path = folder / name
        if not path.is_file():
            raise DataMissing(f"CIFAR-10 in {folder} is incomplete: {name} is missing. {REMEDY}")
        size = path.stat().st_size
        if size != RECORDS * RECORD_BYTES:
            raise DataMissing(
                f"{path} is damaged: {size:,} bytes instead of {RECORDS * RECORD_BYTES:,}. {REMEDY}"
            )
    return folder


def available(root: str | Path | None = None) -> bool:
    """Whether a whole CIFAR-10 is at or below ``root``."""
    return RECORD.available(root)


def load(split: str, root: str | Path | None = None) -> tuple[Tensor, Tensor]:
    """Pictures, uint8 ``[N, 3, 32, 32]``, and labels, int64 ``[N]``, of ``train`` or ``test``.

    Raises ``DataMissing`` where the files are missing, short, or hold a label above 9.
    """
    folder = find(root)
    records = np.concatenate(
        [np.fromfile(folder / n, np.uint8).reshape(RECORDS, RECORD_BYTES) for n in FILES[split]]
    )
    labels = torch.from_numpy(records[:, 0].astype(np.int64))
    if int(labels.max()) >= len(CLASSES):
        raise DataMissing(f"{folder} is damaged: a label is {int(labels.max())}. {REMEDY}")
    return torch.from_numpy(records[:, 1:].copy()).view(-1, 3, 32, 32), labels


def read_one(number: int, folder: Path) -> tuple[np.ndarray, int]:
    """Pixels, uint8 ``[32, 32, 3]``, and label of one test picture, without reading the others.

    Raises ``DataMissing`` where the label is above 9.
    """
    record = np.fromfile(
        folder / FILES["test"][0], np.uint8, count=RECORD_BYTES, offset=number * RECORD_BYTES
    )
    label = int(record[0])
    if label >= len(CLASSES):
        raise DataMissing(f"{folder} is damaged: a label is {label}. {REMEDY}")
    return record[1:].reshape(3, 32, 32).transpose(1, 2, 0), label


RECORD = DataSet(
    name="cifar10",
    title="CIFAR-10",
    class_names=CLASSES,
    size=(32, 32),
    channels=3,
    splits={"train": 5 * RECORDS, "test": RECORDS},
    licence="No licence stated; read from your own copy",
    credit="A. Krizhevsky, V. Nair and G. Hinton, CIFAR-10, 2009",
    link="https://www.cs.toronto.edu/~kriz/cifar.html",
    read=load,
    find=find,
    read_one=read_one,
    # The page of its authors gives MD5 c32a1d4ab5d03f1284b67883e8d87530 for the same bytes.
    archives=(
        Archive(
            url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
            size=170_052_171,
            checksum="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            folder=FOLDER,
            members=(*FILES["train"], *FILES["test"], "batches.meta.txt"),
            unpacked=6 * RECORDS * RECORD_BYTES,
        ),
    ),
)
