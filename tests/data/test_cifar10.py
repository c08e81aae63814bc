import numpy as np
import pytest
import torch

from robust_core.data import cifar10


def test_test_split_is_the_records_in_order(cifar10_root, records):
    pixels, labels = cifar10.load("test", cifar10_root)
    assert pixels.dtype == torch.uint8
    assert labels.dtype == torch.int64
    assert np.array_equal(labels.numpy(), records[:, 0])
    for channel in range(3):
        plane = records[:, 1 + 1024 * channel : 1025 + 1024 * channel].reshape(-1, 32, 32)
        assert np.array_equal(pixels[:, channel].numpy(), plane)


def test_train_split_joins_five_files(cifar10_root):
    pixels, labels = cifar10.load("train", cifar10_root)
    assert pixels.shape == (150, 3, 32, 32)
    assert labels.shape == (150,)
    first = np.fromfile(cifar10_root / cifar10.FOLDER / "data_batch_1.bin", np.uint8)
    assert np.array_equal(pixels[0].flatten().numpy(), first[1:3073])


def test_folder_itself_or_its_parent_is_found(cifar10_root):
    folder = cifar10_root / cifar10.FOLDER
    assert cifar10.find(cifar10_root) == cifar10.find(folder) == folder
    assert cifar10.available(cifar10_root)


def test_default_root_is_the_data_folder(cifar10_root, monkeypatch):
    monkeypatch.setenv("ROBUST_DATA", str(cifar10_root))
    assert cifar10.find() == cifar10_root / cifar10.FOLDER


def test_nothing_there_names_the_remedy(tmp_path):
    assert not cifar10.available(tmp_path)
    with pytest.raises(cifar10.DataMissing, match="data download cifar10"):
        cifar10.load("test", tmp_path)


def test_missing_file_is_named(cifar10_root):
    (cifar10_root / cifar10.FOLDER / "data_batch_3.bin").unlink()
    with pytest.raises(cifar10.DataMissing, match=r"data_batch_3\.bin is missing"):
        cifar10.find(cifar10_root)


@pytest.mark.parametrize("change", [-1, +1])
def test_file_of_the_wrong_length_is_damaged(cifar10_root, change):
    path = cifar10_root / cifar10.FOLDER / "test_batch.bin"
    path.write_bytes((path.read_bytes() + b"\0")[: path.stat().st_size + change])
    assert not cifar10.available(cifar10_root)
    with pytest.raises(cifar10.DataMissing, match="damaged"):
        cifar10.load("test", cifar10_root)


def test_label_above_nine_is_damaged(cifar10_root, records):
    records[3, 0] = 11
    records.tofile(cifar10_root / cifar10.FOLDER / "test_batch.bin")
    with pytest.raises(cifar10.DataMissing, match="label is 11"):
        cifar10.load("test", cifar10_root)
