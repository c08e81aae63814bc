"""A record of a data set: its three views of the pictures, its test pictures, what it refuses."""

import errno
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from robust_core import data
from robust_core.data import cifar10, digits, samples


def test_the_data_sets_of_the_folder_are_found():
    files = sorted(Path(data.__path__[0]).glob("*.py"))
    names = [file.stem for file in files if "\nRECORD = " in file.read_text(encoding="utf-8")]
    assert data.names() == names
    assert {"cifar10", "digits"} <= {*names}
    assert data.get("digits") is digits.RECORD
    with pytest.raises(ValueError, match="data must be one of") as error:
        data.get("mnist")
    assert str(error.value) == f"data must be one of {', '.join(names)}; got 'mnist'"


@pytest.mark.parametrize("name", data.names())
def test_a_record_says_all_that_is_to_be_known(name):
    record = data.get(name)
    assert record.name == name
    assert set(record.splits) == {"train", "test"}
    assert len(set(record.class_names)) == len(record.class_names) > 1
    assert record.title
    assert record.licence
    assert record.credit
    assert record.link.startswith("https://")
    assert bool(record.comes_with) != (record.find is not None)
    assert record in data.of_family(record.family)
    assert set(record.offered) <= set(range(record.splits["test"]))


@pytest.mark.parametrize("split", ["train", "test"])
def test_bytes_for_looking_at_and_exact_floats_for_computing(split):
    seen, labels = data.get("digits").load(split)
    images, same = data.get("digits").pictures(split)
    assert (seen.dtype, labels.dtype) == (torch.uint8, torch.int64)
    assert seen.shape == (len(labels), 8, 8, 1)
    assert torch.equal(labels, same)
    assert torch.equal(images, digits.load(split)[0])
    assert (images * 255 - seen.permute(0, 3, 1, 2)).abs().max() <= 0.5
    assert len(labels) == data.get("digits").splits[split]


def test_stored_bytes_are_seen_as_they_are_and_computed_as_255ths(cifar10_root):
    record = cifar10.RECORD
    stored, labels = record.stored("test", cifar10_root)
    assert stored.dtype == torch.uint8
    assert torch.equal(record.load("test", cifar10_root)[0], stored.permute(0, 2, 3, 1))
    assert torch.equal(record.pictures("test", cifar10_root)[0], stored.float() / 255)
    assert torch.equal(record.load("train", cifar10_root)[1][:30], labels)


def test_a_test_picture_alone_is_that_of_the_whole_split(cifar10_root):
    whole, labels = cifar10.RECORD.load("test", cifar10_root)
    for number in (0, 7, 29):
        pixels, label = cifar10.RECORD.test_picture(number, cifar10_root)
        assert np.array_equal(pixels, whole[number].numpy())
        assert label == labels[number]
    pixels, label = digits.RECORD.test_picture(449)
    assert np.array_equal(pixels, digits.RECORD.load("test")[0][449].numpy())


def test_labels_that_are_offered_without_reading_are_right():
    for number, label in digits.RECORD.offered.items():
        assert digits.RECORD.test_picture(number)[1] == label


@pytest.mark.parametrize("view", ["stored", "pictures", "load"])
def test_refusals(view, tmp_path):
    with pytest.raises(ValueError, match="split must be one of train, test; got 'validation'"):
        getattr(digits.RECORD, view)("validation")
    with pytest.raises(ValueError, match=r"digits takes no data folder: .* come with scikit-learn"):
        getattr(digits.RECORD, view)("test", tmp_path)
    with pytest.raises(data.DataMissing, match="data download cifar10"):
        getattr(cifar10.RECORD, view)("test", tmp_path)
    wrong = replace(digits.RECORD, size=(9, 9))
    with pytest.raises(ValueError, match=r"pictures of \[1, 8, 8\] instead of \[1, 9, 9\]"):
        getattr(wrong, view)("test")


def test_only_train_and_test_are_splits():
    with pytest.raises(ValueError, match="splits must be train and test; got train, val"):
        replace(digits.RECORD, splits={"train": 1, "val": 1})


def test_archives_belong_into_one_folder():
    (archive,) = cifar10.RECORD.archives
    with pytest.raises(ValueError, match="unpacked into one folder; those of cifar10 are not"):
        replace(cifar10.RECORD, archives=(archive, replace(archive, folder="elsewhere")))
    assert digits.RECORD.download_size == 0


def test_numbers_that_there_are_not():
    for number in (-1, 450):
        with pytest.raises(ValueError, match="test pictures 0 to 449"):
            digits.RECORD.test_picture(number)


def test_a_name_can_be_taken_once():
    with pytest.raises(ValueError, match="data 'digits' is already registered"):
        data.register(digits.RECORD)


def test_a_folder_that_may_not_be_read_is_said(forbidden, monkeypatch):
    monkeypatch.setenv("ROBUST_DATA", str(forbidden))
    record = data.get("cifar10")
    assert not record.available()
    for reading in (record.folder, lambda: record.load("test"), lambda: record.test_picture(3)):
        with pytest.raises(
            data.DataUnreadable, match=r"CIFAR-10 cannot be read: .*Permission denied"
        ):
            reading()
    with pytest.raises(data.DataUnreadable):
        samples.load("cifar10-test-3")
    assert samples.catalogue("cifar10"), "the photographs are still offered"


def test_files_that_may_not_be_read_are_said(cifar10_root, monkeypatch):
    def refused(path, *args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("numpy.fromfile", refused)
    for reading in (
        lambda: data.get("cifar10").load("test", cifar10_root),
        lambda: data.get("cifar10").test_picture(3, cifar10_root),
    ):
        with pytest.raises(data.DataUnreadable, match=r"test_batch\.bin \(Permission denied\)"):
            reading()


def test_a_home_that_is_nowhere_is_said(monkeypatch):
    monkeypatch.setenv("ROBUST_DATA", "~nobody-of-this-name/data")
    with pytest.raises(data.DataUnreadable, match="no home folder for ~ in ROBUST_DATA"):
        data.get("cifar10").folder()
    assert not data.get("cifar10").available()
