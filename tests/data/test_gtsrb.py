"""The reader of the benchmark's official layout, on pictures that the tests write."""

import csv
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from robust_core import data
from robust_core.data import gtsrb
from robust_core.training.held_out import split_held_out

TRACKS, FRAMES, TESTS = 3, 2, 12
HEAD = ["Filename", "Width", "Height", "Roi.X1", "Roi.Y1", "Roi.X2", "Roi.Y2", "ClassId"]


def picture(path: Path, label: int, size: tuple[int, int]) -> list:
    """A picture of one colour, which says its class, and its row of the annotations."""
    width, height = size
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (5 * label, 100, 7)).save(path)
    return [path.name, width, height, 5, 5, width - 5, height - 5, label]


def annotate(path: Path, rows: list[list], head=HEAD) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerows([head, *rows])


def write(root: Path) -> Path:
    """A whole, small benchmark below ``root``; its folder."""
    folder = root / gtsrb.FOLDER
    for label in range(43):
        place = folder / gtsrb.TRAINING / f"{label:05d}"
        rows = [
            picture(place / f"{track:05d}_{frame:05d}.ppm", label, (20 + track, 18 + 9 * frame))
            for track in range(TRACKS)
            for frame in range(FRAMES)
        ]
        annotate(place / f"GT-{label:05d}.csv", rows)
    tests = [
        picture(folder / gtsrb.TEST / f"{i:05d}.ppm", 7 * i % 43, (30, 40)) for i in range(TESTS)
    ]
    annotate(folder / gtsrb.TRUTH, tests)
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A data folder with the small benchmark, which no test changes."""
    root = tmp_path_factory.mktemp("signs")
    write(root)
    return root


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """So many pictures count as whole."""
    monkeypatch.setattr(gtsrb, "COUNTS", {"train": 43 * TRACKS * FRAMES, "test": TESTS})


@pytest.fixture
def root(tmp_path):
    """A data folder that a test may damage."""
    write(tmp_path)
    return tmp_path


def test_both_sets_are_read_with_their_classes(whole):
    for split, number in gtsrb.COUNTS.items():
        images, labels = gtsrb.RECORD.stored(split, whole)
        assert images.shape == (number, 3, 32, 32)
        assert images.dtype == torch.uint8
        assert torch.equal(images[:, 0, 16, 16].long(), 5 * labels), "each has its own class"
    assert labels.tolist() == [7 * i % 43 for i in range(TESTS)]


def test_the_folder_itself_is_a_data_folder_too(whole):
    assert gtsrb.find(whole) == gtsrb.find(whole / gtsrb.FOLDER) == whole / gtsrb.FOLDER


def test_a_test_picture_alone_is_that_of_the_whole_split(whole):
    images, labels = gtsrb.RECORD.load("test", whole)
    pixels, label = gtsrb.RECORD.test_picture(5, whole)
    assert np.array_equal(pixels, images[5].numpy())
    assert label == labels[5]


def test_a_picture_is_squashed_whole_with_the_border_around_its_sign(root):
    path = root / gtsrb.FOLDER / gtsrb.TEST / "00000.ppm"
    pixels = np.zeros((64, 128, 3), np.uint8)
    pixels[:32, :64] = 255
    Image.fromarray(pixels).save(path)
    seen, _ = gtsrb.RECORD.test_picture(0, root)
    grey = seen[..., 0].astype(float)
    assert (grey[:15, :15] == 255).all()
    assert (grey[17:] == 0).all()
    assert (grey[:, 17:] == 0).all()


def test_a_picture_of_the_right_size_keeps_its_pixels(root):
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    path = root / gtsrb.FOLDER / gtsrb.TEST / "00007.ppm"
    Image.fromarray(pixels).save(path)
    truth = root / gtsrb.FOLDER / gtsrb.TRUTH
    truth.write_text(
        truth.read_text().replace("00007.ppm;30;40;5;5;25;35", "00007.ppm;32;32;0;0;32;32")
    )
    assert np.array_equal(gtsrb.RECORD.test_picture(7, root)[0], pixels)


def test_a_track_is_set_aside_whole(whole):
    labels = gtsrb.RECORD.stored("train", whole)[1]
    tracks = gtsrb.RECORD.groups(whole)
    assert len(tracks.unique()) == 43 * TRACKS
    assert (tracks.unique(return_counts=True)[1] == FRAMES).all()
    rows = torch.arange(len(labels))
    (kept, _), aside = split_held_out((rows, labels), len(labels) // TRACKS, 0, tracks)
    assert not set(tracks[kept].tolist()) & set(tracks[aside[0]].tolist())
    assert aside[1].bincount().tolist() == [FRAMES] * 43, "one track of three, of each class"


@pytest.mark.parametrize("place", [gtsrb.TEST, Path("..")])
def test_the_classes_of_the_test_set_may_lie_where_people_unpack_them(root, place):
    folder = root / gtsrb.FOLDER
    (folder / gtsrb.TRUTH).rename(folder / place / gtsrb.TRUTH)
    assert gtsrb.RECORD.stored("test", root)[1].tolist() == [7 * i % 43 for i in range(TESTS)]


@pytest.mark.parametrize(
    "lost", [gtsrb.TRUTH, gtsrb.TRAINING / "00042/GT-00042.csv", gtsrb.TRAINING / "00000"]
)
def test_what_is_missing_is_named_with_what_to_do(root, lost):
    path = root / gtsrb.FOLDER / lost
    path.rename(root / "elsewhere")
    with pytest.raises(data.DataMissing, match="data download gtsrb") as told:
        gtsrb.RECORD.stored("test", root)
    assert path.parent.name in str(told.value) or path.name in str(told.value)
    assert not gtsrb.RECORD.available(root)


GOOD = ["00000.ppm", 30, 40, 5, 5, 25, 35, 0]
BAD_ROWS = {
    "out of the folder": (["../../a.ppm", *GOOD[1:]], "not the name of a picture"),
    "absolute": (["/etc/passwd", *GOOD[1:]], "not the name of a picture"),
    "no name": (["", *GOOD[1:]], "not the name of a picture"),
    "no number": ([*GOOD[:3], "five", *GOOD[4:]], "is not a number"),
    "negative": ([*GOOD[:3], -1, *GOOD[4:]], "is not a number"),
    "huge": ([*GOOD[:3], 10**9, *GOOD[4:]], "is not a number"),
    "cut off": (GOOD[:5], "is not a number"),
    "unknown class": ([*GOOD[:-1], 43], "the class 43, and 42 is the last"),
    "box beyond the picture": ([*GOOD[:5], 31, *GOOD[6:]], "not within its 30 x 40 pixels"),
    "empty box": ([*GOOD[:3], 25, *GOOD[4:]], "not within its 30 x 40 pixels"),
}


@pytest.mark.parametrize(("row", "told"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_row_that_is_not_as_it_should_be_is_refused(root, row, told):
    path = root / gtsrb.FOLDER / gtsrb.TRUTH
    rows = list(csv.reader(path.read_text().splitlines(), delimiter=";"))
    annotate(path, [row, *rows[2:]])
    with pytest.raises(data.DataMissing, match=f"is damaged: .*{told}.*data download gtsrb"):
        gtsrb.RECORD.stored("test", root)


@pytest.mark.parametrize("column", ["Filename", "Roi.X1", "ClassId"])
def test_a_column_that_is_missing_is_named(root, column):
    path = root / gtsrb.FOLDER / gtsrb.TRUTH
    path.write_text(path.read_text().replace(column, "Other"))
    with pytest.raises(data.DataMissing, match=rf"the column {column} is missing"):
        gtsrb.RECORD.stored("test", root)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\0\x01", b"<html></html>"])
def test_annotations_that_are_none(root, content):
    (root / gtsrb.FOLDER / gtsrb.TRUTH).write_bytes(content)
    with pytest.raises(data.DataMissing, match=f"{gtsrb.TRUTH} is damaged"):
        gtsrb.RECORD.stored("test", root)


def test_large_annotations_are_not_read(root, monkeypatch):
    monkeypatch.setattr("robust_core.data.annotations.MAX_BYTES", 10)
    with pytest.raises(data.DataMissing, match="is damaged: it has"):
        gtsrb.RECORD.stored("test", root)


def test_rows_that_are_missing_doubled_or_of_another_class(root):
    place = root / gtsrb.FOLDER / gtsrb.TRAINING / "00001"
    path = place / "GT-00001.csv"
    text = path.read_text()
    path.write_text(text[: text.rindex("00002_00001")])
    number = 43 * TRACKS * FRAMES
    with pytest.raises(data.DataMissing, match=f"name {number - 1} pictures instead of {number}"):
        gtsrb.RECORD.stored("train", root)
    path.write_text(text.replace("00002_00001", "00002_00000"))
    with pytest.raises(data.DataMissing, match="a picture is named twice"):
        gtsrb.RECORD.stored("train", root)
    path.write_text(text.replace(";1\n", ";2\n"))
    with pytest.raises(data.DataMissing, match="another class than 1"):
        gtsrb.RECORD.stored("train", root)


def test_a_picture_that_is_missing_damaged_or_may_not_be_read(root, monkeypatch):
    path = root / gtsrb.FOLDER / gtsrb.TEST / "00003.ppm"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(data.DataMissing, match=r"00003\.ppm is damaged: its header says 30 x 40"):
        gtsrb.RECORD.stored("test", root)
    path.unlink()
    with pytest.raises(data.DataMissing, match=r"00003\.ppm is missing"):
        gtsrb.RECORD.test_picture(3, root)
    path.mkdir()
    with pytest.raises(data.DataUnreadable, match=r"00003\.ppm"):
        gtsrb.RECORD.test_picture(3, root)


def test_the_official_archives_are_pinned():
    names = ["Final_Training_Images", "Final_Test_Images", "Final_Test_GT"]
    assert [one.name for one in gtsrb.ARCHIVES] == [f"GTSRB_{name}.zip" for name in names]
    for one in gtsrb.ARCHIVES:
        assert one.url.startswith("https://sid.erda.dk/public/archives/")
        assert (one.algorithm, len(one.checksum), one.zipped) == ("md5", 32, True)
    assert gtsrb.RECORD.download_size == 365_372_996


def zip_of(path: Path, files: dict[str, Path]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in files.items():
            archive.write(file, name)
    return path


def test_the_three_archives_are_unpacked_into_one_folder(whole, tmp_path):
    from robust_core.data import download

    folder = whole / gtsrb.FOLDER
    every = [path for path in folder.rglob("*") if path.is_file()]
    trees = [
        {str(p.relative_to(whole)): p for p in every if part in str(p)}
        for part in ("Final_Training", "Final_Test")
    ]
    trees[1]["readme.txt"] = folder / gtsrb.TRUTH
    trees.append({gtsrb.TRUTH: folder / gtsrb.TRUTH})
    packed = {
        zip_of(tmp_path / one.name, files): one
        for one, files in zip(gtsrb.ARCHIVES, trees, strict=True)
    }
    target = tmp_path / "data"
    target.mkdir()
    download._unpack(gtsrb.RECORD, packed, target)
    assert [path.name for path in target.iterdir()] == [gtsrb.FOLDER]
    for split in ("train", "test"):
        for one, other in zip(
            gtsrb.RECORD.stored(split, target), gtsrb.RECORD.stored(split, whole), strict=True
        ):
            assert torch.equal(one, other)
