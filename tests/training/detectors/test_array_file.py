"""Rows on disk: made once, kept over interruptions, never of another shape."""

import errno
import json
import os

import numpy as np
import pytest
import torch

from robust_core import files
from robust_core.training.detectors import array_file
from robust_core.training.detectors.array_file import filled, take
from tests.processes import at_once

VALUES = torch.arange(70).view(10, 7).half()


@pytest.fixture(autouse=True)
def parts(monkeypatch):
    """Parts of four rows: 4, 4, 2."""
    monkeypatch.setattr(array_file, "PART", 4)


class Maker:
    """Gives rows of ``VALUES``, and is interrupted before its part number ``stop``."""

    def __init__(self, stop: int = 99) -> None:
        self.asked, self.stop = [], stop

    def __call__(self, part: slice) -> torch.Tensor:
        if len(self.asked) == self.stop:
            raise KeyboardInterrupt
        self.asked.append((part.start, part.stop))
        return VALUES[part]


def fill(path, make, shape=(10, 7)):
    return filled(path, shape, make, show=False)


def test_every_row_is_made_once_and_read_back(tmp_path):
    make = Maker()
    for _ in range(2):
        array = fill(tmp_path / "new" / "rows.npy", make)
        assert np.array_equal(array, VALUES.numpy())
    assert make.asked == [(0, 4), (4, 8), (8, 10)]
    assert not array.flags.writeable


def test_an_interruption_keeps_whole_parts(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        fill(tmp_path / "rows.npy", Maker(stop=2))
    rest = Maker()
    assert np.array_equal(fill(tmp_path / "rows.npy", rest), VALUES.numpy())
    assert rest.asked == [(8, 10)]


def test_processes_that_want_the_same_rows_make_them_once(tmp_path):
    made = tmp_path / "made"
    made.touch()

    def make(part: slice) -> torch.Tensor:
        with made.open("a") as file:
            file.write(f"{part.start} ")
        return VALUES[part]

    sums = at_once(lambda _: float(fill(tmp_path / "rows.npy", make).sum()), *range(3))
    assert sums == [VALUES.sum().item()] * 3
    assert made.read_text() == "0 4 8 "


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system cannot reserve room")
def test_a_full_disk_is_said_before_any_row_is_made(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    make = Maker()
    with pytest.raises(files.NotWritten, match=r"no room for rows\.npy"):
        fill(tmp_path / "rows.npy", make)
    assert not make.asked
    assert not (tmp_path / "rows.npy").exists()


def test_rows_in_the_order_asked_for(tmp_path):
    array = fill(tmp_path / "rows.npy", Maker())
    order = torch.tensor([9, 0, 0, 4])
    taken = take(array, order)
    assert taken.dtype == torch.float32
    assert torch.equal(taken, VALUES[order].float())


@pytest.mark.parametrize("shape", [(9, 7), (11, 7), (10, 8), (10,)])
def test_another_shape_is_refused(tmp_path, shape):
    fill(tmp_path / "rows.npy", Maker())
    with pytest.raises(ValueError, match=r"rows.npy holds float16 \[10, 7\] instead of"):
        fill(tmp_path / "rows.npy", Maker(), shape)


def test_damaged_files_are_refused(tmp_path):
    path = tmp_path / "rows.npy"
    fill(path, Maker())
    content = path.read_bytes()
    path.write_bytes(content[:60])
    with pytest.raises(ValueError, match=r"rows.npy is damaged"):
        fill(path, Maker())
    path.write_bytes(content)
    for text in ("", "[]", json.dumps({"rows": 3})):
        path.with_suffix(".json").write_text(text)
        with pytest.raises(ValueError, match=r"rows.json is damaged"):
            fill(path, Maker())


def test_a_file_that_was_not_begun_properly_is_made_again(tmp_path):
    path = tmp_path / "rows.npy"
    fill(path, Maker())
    path.with_suffix(".json").unlink()
    make = Maker()
    fill(path, make)
    assert len(make.asked) == 3
