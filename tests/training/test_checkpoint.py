"""Checkpoints: whole or not at all, and never of something else."""

import errno
import os
import pickle
from dataclasses import asdict, replace

import pytest
import torch

from robust_core.training.checkpoint import load_checkpoint, save_checkpoint
from robust_core.training.recipes import RECIPES

RECIPE = RECIPES.get("digits-cnn")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "new" / "checkpoint.pt"
    save_checkpoint(path, {"recipe": asdict(RECIPE), "seed": 3, "weights": torch.arange(5.0)})
    return path


def test_what_is_written_is_read(path):
    assert torch.equal(load_checkpoint(path, RECIPE, 3)["weights"], torch.arange(5.0))
    assert os.listdir(path.parent) == ["checkpoint.pt"]


@pytest.mark.parametrize(
    ("recipe", "seed"),
    [(RECIPE, 4), (replace(RECIPE, epochs=41), 3), (RECIPES.get("cifar10-resnet32"), 3)],
)
def test_another_recipe_or_seed_is_refused(path, recipe, seed):
    with pytest.raises(ValueError, match=r"another recipe or seed: give --seed 3"):
        load_checkpoint(path, recipe, seed)


@pytest.mark.parametrize("keep", [0, 1, 100, -1])
def test_a_damaged_file_is_refused(path, keep):
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match="damaged"):
        load_checkpoint(path, RECIPE, 3)


def test_a_pickle_is_never_run(path, tmp_path):
    class Trap:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "sprung"),))

    path.write_bytes(pickle.dumps(Trap(), protocol=2))
    with pytest.raises(ValueError, match="damaged"):
        load_checkpoint(path, RECIPE, 3)
    torch.save({"recipe": asdict(RECIPE), "seed": 3, "trap": Trap()}, path)
    with pytest.raises(ValueError, match="damaged"):
        load_checkpoint(path, RECIPE, 3)
    assert not (tmp_path / "sprung").exists()


def test_the_sentence_is_the_projects_own(path):
    path.write_bytes(b"PK" + bytes(100))
    with pytest.raises(
        ValueError, match=r"^The checkpoint .*checkpoint\.pt is damaged: delete it"
    ) as told:
        load_checkpoint(path, RECIPE, 3)
    assert len(str(told.value).splitlines()) == 1


def test_a_full_disk_is_one_sentence_and_leaves_the_former_file(path, monkeypatch):
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"no room for checkpoint\.pt in .*unchanged") as told:
        save_checkpoint(path, {})
    assert str(told.value).startswith("There is no room")
    monkeypatch.undo()
    assert load_checkpoint(path, RECIPE, 3)["seed"] == 3
    assert os.listdir(path.parent) == ["checkpoint.pt"]


def full(file):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_an_interrupted_write_leaves_the_former_file(path, monkeypatch):
    def interrupted(file):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(path, {})
    monkeypatch.undo()
    assert load_checkpoint(path, RECIPE, 3)["seed"] == 3
