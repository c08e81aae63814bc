import json
import socket
import subprocess
import sys

import numpy as np
import pytest

from robust_core.data import cifar10, digits, samples


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("a sample picture reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def empty(tmp_path):
    """A data folder with nothing in it."""
    return tmp_path / "empty"


def ids(family, root):
    return [sample.id for sample in samples.catalogue(family, root=root)]


def test_order_of_the_families(empty):
    assert ids("cifar10", empty)[0] == "chelsea"
    assert ids("imagenet", empty)[:3] == ["coffee", "astronaut", "rocket"]
    assert [s.label for s in samples.catalogue("digits", root=empty)] == list(digits.CLASSES)


def test_everything_on_offer_loads_by_its_id_as_a_real_picture(empty):
    everything = samples.catalogue(root=empty)
    assert len(everything) == len({s.id for s in everything}) >= 18
    for sample in everything:
        assert samples.load(sample.id) == sample
        picture = sample.picture
        assert picture.title == sample.title
        assert picture.pixels.std() > 10
        assert min(picture.pixels.shape[:2]) >= 8


def test_suits_is_where_a_sample_is_offered(empty):
    for family in samples.families():
        assert all(family in s.suits for s in samples.catalogue(family, root=empty))
    for sample in samples.catalogue(root=empty):
        assert sample.suits
        assert all(sample.id in ids(family, empty) for family in sample.suits)


def test_every_sample_has_licence_credit_and_link(empty):
    for sample in samples.catalogue(root=empty):
        assert sample.title
        assert sample.licence
        assert sample.credit
        assert sample.link.startswith("https://")
    for name in ("china", "flower"):
        assert samples.load(name).licence.startswith("CC BY")
        assert "flickr.com" in samples.load(name).link


def test_the_index_names_files_of_installed_packages_only():
    index = json.loads(samples.INDEX.read_text(encoding="utf-8"))
    packages = {entry["file"].split("/")[0] for entry in index["photographs"].values()}
    assert packages <= {"skimage", "sklearn"}
    offered = {i for listed in index["families"].values() for i in listed}
    assert offered == set(index["photographs"])


def test_offering_photographs_and_reading_digits_imports_no_heavy_package(empty):
    code = (
        "import sys; from robust_core.data import digits, samples; digits.load('test'); "
        f"samples.load('chelsea').picture; samples.catalogue(root={str(empty)!r}); "
        "sys.exit(any(name in sys.modules for name in ('skimage', 'sklearn', 'torchvision')))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=samples.ASSETS.parent)


def test_digits_are_the_test_pictures_with_their_labels(empty):
    images, labels = digits.load("test")
    for sample in [*samples.catalogue("digits", root=empty), samples.load("digits-test-449")]:
        number = int(sample.id.rpartition("-")[2])
        assert sample.label == digits.CLASSES[int(labels[number])]
        assert sample.data == "digits"
        grey = sample.picture.pixels
        assert grey.shape == (8, 8, 3)
        for channel in range(3):
            assert np.abs(grey[:, :, channel] / 255 - images[number, 0].numpy()).max() < 0.5 / 255


def test_cifar10_test_pictures_when_the_data_is_there(cifar10_root, records, empty):
    assert not any("cifar10-test" in i for i in ids("cifar10", empty))
    offered = ids("cifar10", cifar10_root)
    assert offered[: len(ids("cifar10", empty))] == ids("cifar10", empty)
    assert offered[-24:] == [f"cifar10-test-{n}" for n in range(24)]
    sample = samples.load("cifar10-test-29", root=cifar10_root)
    assert (sample.label, sample.data) == (cifar10.CLASSES[records[29, 0]], "cifar10")
    planes = records[29, 1:].reshape(3, 32, 32)
    assert np.array_equal(sample.picture.pixels.transpose(2, 0, 1), planes)


def test_another_data_folder_is_not_answered_from_the_cache(cifar10_root, cifar10_files, tmp_path):
    first = samples.load("cifar10-test-3", root=cifar10_root).picture
    cifar10_files(tmp_path / "other" / cifar10.FOLDER, seed=1)
    assert samples.load("cifar10-test-3", root=tmp_path / "other").picture != first


def test_a_part_of_a_photograph_is_cut_out_of_it():
    whole, face = (samples.load(i).picture.pixels for i in ("chelsea", "chelsea-face"))
    top, left, height, width = samples.load("chelsea-face").part
    assert np.array_equal(face, whole[top : top + height, left : left + width])
    assert face.shape == (height, width, 3)


def test_pictures_are_decoded_once():
    assert samples.load("coffee").picture is samples.load("coffee").picture


def test_label_among_asks_the_model():
    assert samples.load("chelsea").label_among(cifar10.CLASSES) == "cat"
    assert samples.load("chelsea").label_among(digits.CLASSES) is None
    assert samples.load("coffee").label_among(cifar10.CLASSES) is None


@pytest.mark.parametrize(
    ("sample_id", "words"),
    [
        ("lena", "There is no sample 'lena'"),
        ("../chelsea", "There is no sample"),
        ("cifar10-test--1", "There is no sample"),
        ("digits-test-450", "0 to 449"),
        ("cifar10-test-10000", "0 to 9999"),
        ("cifar10-test-0", "data download cifar10"),
    ],
)
def test_unknown_ids_get_a_sentence(sample_id, words, empty):
    with pytest.raises(ValueError, match=words):
        samples.load(sample_id, root=empty)


def test_unknown_family():
    with pytest.raises(
        ValueError, match="family must be one of cifar10, gtsrb, imagenette, imagenet, digits"
    ):
        samples.catalogue("mnist")


def test_damaged_label(cifar10_root, records):
    records[2, 0] = 11
    records.tofile(cifar10_root / cifar10.FOLDER / "test_batch.bin")
    with pytest.raises(cifar10.DataMissing, match="label is 11"):
        samples.load("cifar10-test-2", root=cifar10_root)
