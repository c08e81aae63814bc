"""Labelled pictures in a ZIP file: what they are, and what hostile archives get."""

import io
import struct
import zipfile

import numpy as np
import pytest
import torch

from robust_core import imaging
from robust_core.classifier import Classifier
from robust_core.data import archives
from robust_core.data.archives import load_zip


@pytest.fixture
def model():
    return Classifier(
        torch.nn.Flatten(),
        name="mine",
        class_names=("cat", "dog"),
        input_size=(8, 8),
        mean=(0.0,) * 3,
        std=(1.0,) * 3,
    )


def picture(value: int) -> bytes:
    return imaging.png(np.full((8, 8, 3), value, np.uint8))


def zipped(files: dict[str, bytes], **options) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return content.getvalue()


def test_folders_are_classes_and_take_turns(model):
    content = zipped(
        {
            "mine/dog/b.png": picture(51),
            "mine/cat/a.png": picture(0),
            "mine/cat/z.png": picture(102),
            "mine/cat/.hidden": b"",
            "__MACOSX/cat/._a.png": b"x",
            "mine/dog/": b"",
        }
    )
    images, labels = load_zip(content, model)
    assert labels.tolist() == [0, 1, 0]
    assert images[:, 0, 0, 0].tolist() == pytest.approx([0, 0.2, 0.4])
    assert load_zip(content, model, limit=2)[1].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"../cat/a.png": picture(0)}, "leads out of it"),
        ({"/cat/a.png": picture(0)}, "leads out of it"),
        ({"C:\\cat\\a.png": picture(0)}, "leads out of it"),
        ({"a.png": picture(0)}, "outside its folders"),
        ({"bird/a.png": picture(0)}, "'bird' is no class"),
        ({"cat/a.png": b"no picture"}, "'cat/a.png'"),
        ({}, "no pictures"),
        ({"cat/bomb.png": bytes(50 * 2**20)}, "grows beyond 8 MB"),
    ],
)
def test_hostile_names_and_contents(model, files, words):
    with pytest.raises(ValueError, match=r".") as caught:
        load_zip(zipped(files), model)
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_no_archive_a_cut_one_and_one_that_lies(model):
    content = zipped({"cat/a.png": picture(0)})
    place = content.index(b"\x89PNG") if b"\x89PNG" in content else 60
    broken = bytearray(content)
    broken[place] ^= 0xFF
    for damaged in (b"hello", content[:-30], bytes(broken)):
        with pytest.raises(ValueError, match=r"no ZIP file|damaged"):
            load_zip(damaged, model)


def test_a_password(model):
    content = bytearray(zipped({"cat/a.png": picture(0)}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.index(mark) + offset
        content[place : place + 2] = struct.pack("<H", 1)
    with pytest.raises(ValueError, match="encrypted"):
        load_zip(bytes(content), model)


def test_too_many_and_too_large(model, monkeypatch):
    with pytest.raises(ValueError, match="at most 10,000"):
        load_zip(zipped({f"cat/{k}": b"" for k in range(10_001)}), model)
    monkeypatch.setattr(archives, "LARGEST", 10)
    with pytest.raises(ValueError, match="MB"):
        load_zip(zipped({"cat/a.png": picture(0)}), model)
