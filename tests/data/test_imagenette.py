"""Imagenette's reader on a few pictures that lie as the official archive lays them."""

import io
import tarfile
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from robust_core import zoo
from robust_core.classifier import Classifier
from robust_core.data import download, fitting, imagenette
from robust_core.data.datasets import load_test_set
from robust_core.data.folder import load_folder
from robust_core.data.record import DataMissing
from robust_core.data.synsets import imagenet_indices, imagenet_synsets

EACH = 2
"""Pictures of each class and split."""
FORMATS = ("JPEG", "WEBP")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A data folder with ``EACH`` pictures of each class: photographs' proportions, both formats."""
    monkeypatch.setattr(imagenette, "COUNTS", dict.fromkeys(imagenette.FOLDERS, 10 * EACH))
    numbers = np.random.default_rng(0)
    for split in imagenette.FOLDERS.values():
        for synset in imagenette.SYNSETS:
            folder = tmp_path / imagenette.FOLDER / split / synset
            folder.mkdir(parents=True)
            for i, (kind, size) in enumerate(
                zip(FORMATS, [(160, 213, 3), (180, 160, 3)], strict=True)
            ):
                pixels = numbers.integers(0, 256, size, dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{i}.{kind}", kind)
    return tmp_path


def test_classes_take_turns_and_pictures_are_what_a_model_would_see(root):
    images, labels = imagenette.read("test", root)
    assert images.shape == (10 * EACH, 3, 128, 128)
    assert images.dtype == torch.uint8
    assert labels.tolist() == [*range(10)] * EACH
    for number in (0, 13):
        path = root / imagenette.FOLDER / "val" / list(imagenette.SYNSETS)[number % 10]
        with Image.open(path / f"{number // 10}.{FORMATS[number // 10]}") as picture:
            pixels = np.asarray(picture.convert("RGB"))
        expected = fitting.fit(pixels, size=(128, 128), resize=144, channels=3, how="crop")
        assert (images[number].permute(1, 2, 0).numpy() == expected).all()
        one, label = imagenette.read_one(number, root / imagenette.FOLDER)
        assert (one == expected).all()
        assert label == number % 10


def test_a_training_gets_larger_pictures_to_crop(root):
    images, labels = imagenette.RECORD.larger(root)
    assert images.shape == (10 * EACH, 3, 160, 160)
    stored, same = imagenette.RECORD.stored("train", root)
    assert stored.shape == (10 * EACH, 3, 128, 128)
    assert labels.equal(same)


def test_a_model_crops_a_photograph_as_the_reader_does():
    described = zoo.spec("imagenette-resnet").record
    assert (described.size, described.shorter) == ((128, 128), 144)
    assert zoo.untrained("imagenette-resnet").resize == 144


def test_what_is_missing_is_named(root, tmp_path):
    with pytest.raises(DataMissing, match="data download imagenette"):
        imagenette.find(tmp_path / "elsewhere")
    folder = root / imagenette.FOLDER
    (folder / "train" / "n03028079").rename(folder / "church")
    with pytest.raises(DataMissing, match=r"train/n03028079 \(church\) is missing"):
        imagenette.find(root)


def test_too_few_pictures_are_damage(root):
    next((root / imagenette.FOLDER / "val" / "n03028079").iterdir()).unlink()
    with pytest.raises(DataMissing, match="val holds 19 pictures instead of 20"):
        imagenette.read("test", root)


@pytest.mark.parametrize("content", [b"no picture", b""])
def test_a_damaged_picture_is_named(root, content):
    path = root / imagenette.FOLDER / "val" / "n03028079" / "0.JPEG"
    path.write_bytes(content)
    with pytest.raises(DataMissing, match=r"n03028079/0\.JPEG is damaged"):
        imagenette.read("test", root)


def test_other_files_among_the_pictures_are_passed_over(root):
    (root / imagenette.FOLDER / "val" / "n03028079" / "Thumbs.db").write_bytes(b"x")
    assert len(imagenette.listing("test", root / imagenette.FOLDER)) == 10 * EACH


def test_the_classes_are_imagenets_own():
    names = zoo.describe("imagenet-squeezenet1_0").class_names
    indices = imagenet_indices(imagenette.SYNSETS)
    assert [names[i] for i in indices] == list(imagenette.SYNSETS.values())


def test_a_model_of_another_size_gets_pictures_cut_from_the_same_files(root):
    folder = root / imagenette.FOLDER / "val"
    ten = zoo.describe("imagenet10-vgg16")
    images, labels = imagenette.RECORD.sized(
        "test", ten.input_size, ten.resize, root=root, limit=12
    )
    assert images.shape == (12, 3, 224, 224)
    assert labels.tolist() == [*range(10), 0, 1]
    with Image.open(folder / "n01440764" / "0.JPEG") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    expected = fitting.fit(pixels, size=(224, 224), resize=256, channels=3, how="crop")
    assert (images[0].permute(1, 2, 0).numpy() == expected).all()
    model = classifier(ten)
    assert (load_folder(folder, model, 12)[0] * 255).round().equal(images.float())
    assert load_test_set("imagenette", model, 12, root)[1].equal(labels)
    with pytest.raises(ValueError, match="no pictures of 224 x 200"):
        imagenette.RECORD.sized("test", (224, 200), 256, root=root)


def test_folders_of_wordnet_ids_are_read_for_models_of_ten_and_of_all_classes(root):
    for name, expected in (
        ("imagenet10-vgg16", [*range(10)]),
        ("imagenet-squeezenet1_0", [0, 217, 482, 491, 497, 566, 569, 571, 574, 701]),
    ):
        model = classifier(zoo.describe(name))
        labels = load_folder(root / imagenette.FOLDER / "val", model, 10)[1]
        assert labels.tolist() == expected


def classifier(described):
    """Of a model's pictures and classes, without its network."""
    return Classifier(
        torch.nn.Identity(),
        name=described.name,
        class_names=described.class_names,
        synsets=imagenette.RECORD.synsets if described.data else imagenet_synsets(),
        input_size=described.input_size,
        mean=(0.0,) * 3,
        std=(1.0,) * 3,
        resize=described.resize,
    )


def test_the_archive_is_unpacked_whole_and_nothing_beside_it(root, tmp_path):
    packed, target = tmp_path / "packed.tgz", tmp_path / "data"
    target.mkdir()
    with tarfile.open(packed, "w:gz") as tar:
        tar.add(root / imagenette.FOLDER, imagenette.FOLDER)
        for name in ("elsewhere.txt", "../above.txt"):
            member = tarfile.TarInfo(name)
            member.size = 1
            tar.addfile(member, io.BytesIO(b"x"))
    record = replace(imagenette.RECORD, splits=imagenette.COUNTS)
    download._unpack(record, {packed: record.archives[0]}, target)
    assert len(imagenette.listing("train", target / imagenette.FOLDER)) == 10 * EACH
    assert [path.name for path in target.iterdir()] == [imagenette.FOLDER]
    assert not (tmp_path / "above.txt").exists()
