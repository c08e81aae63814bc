"""``train`` for bundled perturbations and patches: fit, measure, write, install."""

import json

import pytest

from robust_core import paths, zoo
from robust_core.evaluation.universal import bundle
from robust_core.evaluation.universal.recipes import UniversalRecipe

NAME = "digits-cnn-uap-sgd"


@pytest.fixture
def small(monkeypatch, tmp_path):
    recipe = UniversalRecipe("digits-cnn", "digits", "uap-sgd", {"eps": 0.3, "passes": 2}, 40)
    monkeypatch.setitem(bundle.RECIPES, NAME, recipe)
    monkeypatch.setattr(paths, "UNIVERSAL", tmp_path / "universal")
    return tmp_path


def test_it_is_fitted_measured_and_installed(command, small):
    options = ("--folder", small / "runs", "--device", "cpu", "--install", "--json")
    ended = command("train", NAME, *options)
    assert ended.status == 0, ended.err
    assert ended.json["figures"]["n"] == 450
    assert zoo.universals() == [NAME]
    found = zoo.load_universal(NAME)
    assert found.record["n"] == 40
    entry = json.loads((small / "universal" / "index.json").read_text())[NAME]
    assert entry["command"] == f"python -m robust_core train {NAME}"
    again = command("train", NAME, *options[:4], "--json").json
    assert again["sha256"] == entry["sha256"], "the same file each time"
    assert again["installed"] is None


def test_options_of_other_recipes_are_refused(command, small):
    assert (
        "takes no --epochs, --seed" in command("train", NAME, "--epochs", 3, "--seed", 1).complaint
    )
