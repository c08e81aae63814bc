import os

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from robust_core.classifier import Classifier
from robust_core.data.fitting import fit, to_tensor
from robust_core.data.folder import load_folder
from robust_core.data.uploads import UploadError

IDS = ("n02121808", "n02084071", "n01639765")


def classifier(channels=3, size=16, class_names=("cat", "dog", "frog"), ids=()):
    return Classifier(
        nn.Flatten(),
        name="toy",
        class_names=class_names,
        synsets=ids,
        input_size=(size, size),
        mean=(0.5,) * channels,
        std=(0.5,) * channels,
        resize=size + 4,
    )


def write(path, seed=0, shape=(20, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (*shape, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_fitted_to_the_model(tmp_path, channels):
    model = classifier(channels)
    pixels = write(tmp_path / "dog" / "a.png")
    images, labels = load_folder(tmp_path, model)
    fitted = fit(pixels, size=(16, 16), resize=20, channels=channels, how="crop")
    assert torch.equal(images, to_tensor(fitted))
    assert labels.tolist() == [1]
    assert labels.dtype == torch.int64


def test_classes_take_turns_and_files_go_by_name(tmp_path):
    written = {}
    names = ["cat/b.png", "cat/a.png", "cat/c.png", "frog/z.png", "Dog/q.png", "Dog/r.png"]
    for seed, name in enumerate(names):
        written[name] = write(tmp_path / name, seed, (16, 16))
    order = ["Dog/q.png", "cat/a.png", "frog/z.png", "Dog/r.png", "cat/b.png", "cat/c.png"]
    images, labels = load_folder(tmp_path, classifier())
    assert labels.tolist() == [1, 0, 2, 1, 0, 0]
    assert torch.equal(images, torch.cat([to_tensor(written[name]) for name in order]))
    first, first_labels = load_folder(tmp_path, classifier(), limit=4)
    assert torch.equal(first, images[:4])
    assert torch.equal(first_labels, labels[:4])


def test_sub_folders_may_be_named_by_index(tmp_path):
    write(tmp_path / "2" / "a.png")
    assert load_folder(tmp_path, classifier())[1].tolist() == [2]


def test_sub_folders_and_files_may_be_named_by_wordnet_ids(tmp_path):
    write(tmp_path / "folders" / IDS[1] / "a.png")
    assert load_folder(tmp_path / "folders", classifier(ids=IDS))[1].tolist() == [1]
    for name in (f"{IDS[2]}_7.png", f"{IDS[0]}_cat.png", f"{IDS[2]}_1.png"):
        write(tmp_path / "files" / name)
    assert load_folder(tmp_path / "files", classifier(ids=IDS))[1].tolist() == [2, 0, 2]
    write(tmp_path / "files" / "holiday.png")
    with pytest.raises(ValueError, match="one sub-folder per class"):
        load_folder(tmp_path / "files", classifier(ids=IDS))


def test_a_name_that_two_classes_share_needs_the_index(tmp_path):
    write(tmp_path / "crane" / "a.png")
    with pytest.raises(ValueError, match="several classes called 'crane'"):
        load_folder(tmp_path, classifier(class_names=("crane", "crane", "cat")))


def test_sub_folder_that_is_no_class_lists_the_classes(tmp_path):
    write(tmp_path / "cat" / "a.png")
    (tmp_path / "horse").mkdir()
    with pytest.raises(ValueError, match=r"'horse'.*cat, dog, frog"):
        load_folder(tmp_path, classifier())


def test_unreadable_file_is_named(tmp_path):
    write(tmp_path / "cat" / "a.png")
    (tmp_path / "cat" / "b.png").write_text("no picture")
    with pytest.raises(UploadError, match=r"^cat/b\.png: This is a text file"):
        load_folder(tmp_path, classifier())


def test_files_that_systems_leave_are_ignored(tmp_path):
    write(tmp_path / "cat" / "a.png")
    (tmp_path / "cat" / "Thumbs.db").write_bytes(b"\0")
    (tmp_path / "cat" / ".DS_Store").write_bytes(b"\0")
    (tmp_path / ".git").mkdir()
    (tmp_path / "README.txt").write_text("about these pictures")
    assert len(load_folder(tmp_path, classifier())[0]) == 1


@pytest.mark.parametrize(
    "name",
    [
        *("__MACOSX", "@eaDir", "lost+found", "$RECYCLE.BIN", "System Volume Information"),
        *("#snapshot", "@Recycle", "Network Trash Folder", "Icon\r", "ehthumbs.db"),
    ],
)
def test_folders_that_systems_and_archives_leave_are_ignored(tmp_path, name):
    write(tmp_path / "cat" / "a.png")
    write(tmp_path / name / "cat" / "._a.png")
    write(tmp_path / "cat" / name / "a.png")
    assert load_folder(tmp_path, classifier())[1].tolist() == [0]


def test_pictures_outside_the_sub_folders_are_named(tmp_path):
    write(tmp_path / "cat" / "a.png")
    write(tmp_path / "b.png")
    (tmp_path / "b.png").rename(tmp_path / "without_an_ending")
    with pytest.raises(ValueError, match=r"outside its sub-folders: without_an_ending\. Move"):
        load_folder(tmp_path, classifier())


def test_folders_in_a_class_are_named(tmp_path):
    write(tmp_path / "cat" / "a.png")
    write(tmp_path / "cat" / "small" / "b.png")
    with pytest.raises(ValueError, match="'cat' holds folders itself: small"):
        load_folder(tmp_path, classifier())


def test_a_folder_around_the_classes_is_suggested(tmp_path):
    for name in ("cat", "dog", "frog", "0"):
        write(tmp_path / "pictures" / name / "a.png")
    with pytest.raises(
        ValueError, match=r"'pictures' is not a class.*\(0, cat, dog \.\.\.\): give .*pictures\?"
    ):
        load_folder(tmp_path, classifier())


def test_an_empty_class_is_named(tmp_path):
    write(tmp_path / "cat" / "a.png")
    (tmp_path / "dog").mkdir()
    (tmp_path / "dog" / ".DS_Store").write_bytes(b"\0")
    with pytest.raises(ValueError, match="sub-folder 'dog' is empty"):
        load_folder(tmp_path, classifier())


@pytest.mark.parametrize("twin", ["1", "DOG"])
def test_two_folders_of_one_class_are_named(tmp_path, twin):
    write(tmp_path / "dog" / "a.png")
    write(tmp_path / twin / "b.png")
    with pytest.raises(ValueError, match=f"'{twin}' and 'dog' are the same class \\(dog\\)"):
        load_folder(tmp_path, classifier())


@pytest.mark.parametrize("name", ["cat/b.png", "dog"])
def test_a_dead_link_is_named(tmp_path, name):
    write(tmp_path / "cat" / "a.png")
    (tmp_path / name).symlink_to("nowhere")
    with pytest.raises(ValueError, match=f"{name} is a link to nowhere, which is not there"):
        load_folder(tmp_path, classifier())


def test_a_link_to_a_picture_is_a_picture(tmp_path):
    write(tmp_path / "elsewhere" / "a.png")
    (tmp_path / "data" / "cat").mkdir(parents=True)
    (tmp_path / "data" / "cat" / "a.png").symlink_to(tmp_path / "elsewhere" / "a.png")
    assert load_folder(tmp_path / "data", classifier())[1].tolist() == [0]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="only where there are named pipes")
def test_a_pipe_is_named_and_not_waited_for(tmp_path):
    write(tmp_path / "cat" / "a.png")
    os.mkfifo(tmp_path / "cat" / "pipe")
    with pytest.raises(ValueError, match="cat/pipe is neither a file nor a folder"):
        load_folder(tmp_path, classifier())


def test_nothing_to_load(tmp_path):
    with pytest.raises(ValueError, match="There is no folder"):
        load_folder(tmp_path / "none", classifier())
    write(tmp_path / "a.png")
    with pytest.raises(ValueError, match="one sub-folder per class"):
        load_folder(tmp_path, classifier())
    with pytest.raises(ValueError, match="limit must be"):
        load_folder(tmp_path, classifier(), limit=0)
