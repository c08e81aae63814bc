"""Labelled pictures in a ZIP file: what they are, and what hostile archives get."""

import io
import struct
import zipfile

import numpy as np
import pytest
import torch

from robust_core import imaging
from robust_core.classifier import Classifier
from robust_core.data import archives, labelled
from robust_core.data.archives import load_zip
from robust_core.data.folder import load_folder


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
        ({"bird/a.png": picture(0)}, "'bird' is not a class"),
        ({"my/cat/day1/a.png": picture(0)}, "such as 'my/cat/day1/a.png': put the pictures right"),
        ({"cat/a.png": picture(0), "cat/day1/b.png": picture(0)}, "right into 'cat'"),
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
        with pytest.raises(ValueError, match=r"not a ZIP file|damaged"):
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


def test_what_cannot_be_read_is_told_and_the_next_takes_its_place(model):
    inner = zipped({"cat/a.png": picture(0)})
    files = {"cat/0.png": b"no picture", "cat/1.zip": inner, "cat/2.png": picture(51)}
    content = zipped(files | {"dog/0.png": picture(102), "dog/1.png": picture(204)})
    told: list[str] = []
    images, labels = load_zip(content, model, 3, on_unreadable=told.append)
    assert labels.tolist() == [1, 1, 0]
    assert images[:, 0, 0, 0].tolist() == pytest.approx([0.4, 0.8, 0.2])
    assert [sentence.partition(":")[0] for sentence in told] == ["'cat/0.png'", "'cat/1.zip'"]
    assert "This is a ZIP archive" in told[1]
    with pytest.raises(ValueError, match=r"cat/0\.png"):
        load_zip(content, model, 3)


def test_nothing_that_can_be_read_and_too_much_that_cannot(model, monkeypatch):
    content = zipped({f"cat/{k}.png": b"no" for k in range(4)})
    with pytest.raises(ValueError, match=r"None of the 4 files .* 'cat/0.png'"):
        load_zip(content, model, on_unreadable=lambda told: None)
    monkeypatch.setattr(labelled, "MOST_UNREADABLE", 2)
    with pytest.raises(ValueError, match="More than 2 of the files"):
        load_zip(content, model, on_unreadable=lambda told: None)


def test_the_order_is_that_of_the_folder(model, tmp_path):
    names = ("dog/b.png", "cat/z.png", "dog/a.png", "cat/a.png", "cat/b.png")
    files = {name: picture(50 * k) for k, name in enumerate(names)}
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    for limit in (None, 3):
        ours, theirs = load_zip(zipped(files), model, limit), load_folder(tmp_path, model, limit)
        assert torch.equal(ours[0], theirs[0])
        assert torch.equal(ours[1], theirs[1])


def test_what_may_lie_beside_the_folders_and_what_may_not(model):
    files = {"mine/cat/a.png": picture(0), "mine/README.txt": b"hello", "labels.csv": b"a,b"}
    assert load_zip(zipped(files), model)[1].tolist() == [0]
    with pytest.raises(ValueError, match=r"'mine/b\.png' outside its folders"):
        load_zip(zipped(files | {"mine/b.png": picture(0)}), model)
    with pytest.raises(ValueError, match="folder 'dog' in the ZIP file is empty"):
        load_zip(zipped(files | {"mine/dog/": b""}), model)
    with pytest.raises(ValueError, match=r"'bird', 'fish' are not classes. .*cat, dog"):
        load_zip(zipped({"bird/a.png": picture(0), "fish/a.png": picture(0)}), model)


def test_a_list_that_claims_to_be_long_is_not_read(model):
    content = bytearray(zipped({"cat/a.png": picture(0)}))
    place = content.rindex(b"PK\x05\x06")
    for offset, kind, value, words in (
        (10, "<H", 20_000, "20,000 files; at most 10,000"),
        (10, "<H", 65_535, "ZIP64"),
        (12, "<I", 2**31, "at most 10,000"),
    ):
        claimed = bytearray(content)
        struct.pack_into(kind, claimed, place + offset, value)
        with pytest.raises(ValueError, match=words):
            load_zip(bytes(claimed), model)
    # zipfile takes the last 22 bytes for the end, whatever stands in them: so does the check.
    hidden = bytearray(content)
    struct.pack_into("<H", hidden, place + 10, 20_000)
    struct.pack_into("<4s", hidden, place + 16, b"PK\x05\x06")
    with pytest.raises(ValueError, match="20,000 files; at most 10,000"):
        load_zip(bytes(hidden), model)
    with pytest.raises(ValueError, match="The end of the ZIP file is damaged"):
        load_zip(bytes(content[: place + 12]), model)
    with pytest.raises(ValueError, match="limit must be at least 1"):
        load_zip(bytes(content), model, 0)
