"""Export: the file, its figure and its entry belong together."""

import hashlib
import json
import os
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from robust_core import zoo
from robust_core.data import digits
from robust_core.training import RECIPES, train
from robust_core.training.export import export, install, rounded_weights
from robust_core.zoo import loading

KEYS = {
    *("file", "sha256", "data", "accuracy", "correct", "n_test", "command", "seed", "epochs"),
    *("recipe", "parameters", "seconds", "device", "torch"),
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A short training, its entry and its folder."""
    folder = tmp_path_factory.mktemp("run")
    recipe = replace(RECIPES.get("digits-cnn"), epochs=2, averaging=0.5)
    model = zoo.untrained("digits-cnn", 7)
    trainer = train(model, recipe, digits.load("train"), folder=folder, seed=7, show=False)
    return trainer, export(trainer, digits.load("test"), folder, "the command"), folder


def test_the_entry_says_everything(exported):
    trainer, entry, folder = exported
    assert set(entry) == KEYS
    assert json.loads((folder / "entry.json").read_text()) == {
        "digits-cnn": json.loads(json.dumps(entry))
    }
    content = (folder / entry["file"]).read_bytes()
    assert entry["sha256"] == hashlib.sha256(content).hexdigest()
    assert entry["parameters"] == sum(p.numel() for p in trainer.model.parameters())
    assert (entry["seed"], entry["epochs"], entry["command"]) == (7, 2, "the command")


def test_weights_are_rounded_halves_of_what_was_kept(exported):
    trainer, entry, folder = exported
    written = load_file(folder / entry["file"])
    kept = trainer.result().network.state_dict()
    assert written.keys() == kept.keys()
    for name, value in kept.items():
        assert written[name].dtype == torch.float16
        assert torch.equal(written[name], value.half())


def test_accuracy_is_that_of_the_file(exported):
    _, entry, folder = exported
    images, labels = digits.load("test")
    model = zoo.untrained("digits-cnn").eval()
    model.network.load_state_dict(load_file(folder / entry["file"]))
    correct = (model(images).argmax(1) == labels).sum().item()
    assert (entry["correct"], entry["n_test"]) == (correct, len(labels))
    assert entry["accuracy"] == correct / len(labels)


def test_the_rounded_weights_are_the_ones_that_are_measured(exported, tmp_path, monkeypatch):
    measured = []

    def spy(model, data, device):
        measured.append({k: v.clone() for k, v in model.network.state_dict().items()})
        return 0.5

    monkeypatch.setattr("robust_core.training.export.accuracy", spy)
    entry = export(exported[0], digits.load("test"), tmp_path, "")
    written = load_file(tmp_path / entry["file"])
    (state,) = measured
    assert all(torch.equal(state[name], value.float()) for name, value in written.items())


def test_counters_stay_whole_numbers():
    state = rounded_weights(zoo.untrained("cifar10-resnet32").network)
    kinds = {value.dtype for value in state.values()}
    assert kinds == {torch.float16, torch.int64}
    assert all(value.is_contiguous() for value in state.values())


def test_installed_weights_are_loaded_by_the_zoo(exported, tmp_path):
    trainer, entry, folder = exported
    (tmp_path / "index.json").write_text('{"another": {"file": "x"}}')
    assert install(folder, "digits-cnn", tmp_path) == tmp_path / entry["file"]
    assert zoo.index(tmp_path)["another"] == {"file": "x"}
    model = loading._bundled("digits-cnn", tmp_path)
    images = digits.load("test")[0]
    expected = trainer.result().network.state_dict()
    assert all(
        torch.equal(v, expected[k].half().float()) for k, v in model.network.state_dict().items()
    )
    assert model.provenance.accuracy == entry["accuracy"]
    assert model.eval()(images).isfinite().all()


def test_the_first_installation_makes_the_folder(exported, tmp_path):
    install(exported[2], "digits-cnn", tmp_path / "new")
    assert sorted(os.listdir(tmp_path / "new")) == ["digits-cnn.safetensors", "index.json"]


def test_a_damaged_index_is_not_overwritten(exported, tmp_path):
    (tmp_path / "index.json").write_text("{")
    with pytest.raises(zoo.ZooError, match="damaged"):
        install(exported[2], "digits-cnn", tmp_path)
    assert os.listdir(tmp_path) == ["index.json"]
