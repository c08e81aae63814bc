"""Checkpoints: whole or not at all, and never of something else."""

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


def test_an_interrupted_write_leaves_the_former_file(path, monkeypatch):
    def interrupted(state, file):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(path, {})
    monkeypatch.undo()
    assert load_checkpoint(path, RECIPE, 3)["seed"] == 3
