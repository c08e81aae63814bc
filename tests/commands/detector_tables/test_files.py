"""What is kept between two calls of ``evaluate-detectors``: only what the code of today would make."""

import shutil
from pathlib import Path

import pytest
import torch

from robust_core import attacks, zoo
from robust_core.commands.detector_tables.files import Files

WHAT = {"attack": "fgsm", "detector": "d", "n": 2}
ENTRY = {"sha256": None, "recipe": {}, "threshold": 0.5}


@pytest.fixture
def package(tmp_path, monkeypatch) -> Path:
    """A copy of the package of attacks, which stands for it as far as its files are read."""
    folder = tmp_path / "attacks"
    shutil.copytree(attacks.__path__[0], folder)
    monkeypatch.setattr(attacks, "__path__", [str(folder)])
    return folder


@pytest.fixture
def remembered(tmp_path):
    """Ask for a row as a new call would; returns how often it was made so far."""
    images, labels = torch.zeros(2, 3, 32, 32, dtype=torch.uint8), torch.zeros(2).long()
    made = []

    def ask() -> int:
        classifier = zoo.load("cifar10-resnet32", "cpu")
        files = Files(classifier, {"d": ENTRY}, images, labels, tmp_path / "cache")
        files.remember(WHAT, lambda: made.append(1) or {"row": 1})
        return len(made)

    return ask


def test_a_row_is_made_once_for_the_same_code(package, remembered):
    assert [remembered(), remembered()] == [1, 1]


@pytest.mark.parametrize("name", ["base.py", "carlini/*.py", "pair/*.py"])
def test_changed_attack_code_makes_the_row_again_in_sub_folders_too(package, remembered, name):
    assert remembered() == 1
    path = sorted(package.glob(name))[-1]
    path.write_text(path.read_text() + "\n# changed\n")
    assert remembered() == 2
