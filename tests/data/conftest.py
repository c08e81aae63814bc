"""A CIFAR-10 of 30 pictures per file, written by the tests themselves."""

from pathlib import Path

import numpy as np
import pytest

from robust_core.data import cifar10

RECORDS = 30


def write_cifar10(folder: Path, seed: int = 0) -> np.ndarray:
    """The six files in ``folder``; the records ``[30, 3073]`` of the test file are returned."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(seed)
    for name in (*cifar10.FILES["train"], *cifar10.FILES["test"]):
        records = generator.integers(0, 256, (RECORDS, cifar10.RECORD_BYTES), np.uint8)
        records[:, 0] = np.arange(RECORDS) % 10
        records.tofile(folder / name)
    (folder / "batches.meta.txt").write_text("\n".join(cifar10.CLASSES))
    return records


@pytest.fixture
def small_files(monkeypatch):
    """Files of 30 records count as whole."""
    monkeypatch.setattr(cifar10, "RECORDS", RECORDS)


@pytest.fixture
def cifar10_root(tmp_path, small_files) -> Path:
    """A data folder with a whole, small CIFAR-10 in it."""
    write_cifar10(tmp_path / "data" / cifar10.FOLDER)
    return tmp_path / "data"


@pytest.fixture
def records(cifar10_root) -> np.ndarray:
    """The records ``[30, 3073]`` of the test file below ``cifar10_root``."""
    file = cifar10_root / cifar10.FOLDER / "test_batch.bin"
    return np.fromfile(file, np.uint8).reshape(RECORDS, -1)


@pytest.fixture
def cifar10_files():
    """The writer, for tests that want the files elsewhere."""
    return write_cifar10
