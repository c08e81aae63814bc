"""Export: the file, its figure and its entry belong together."""

import contextlib
import hashlib
import json
import os
import time
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from safetensors.torch import save as to_safetensors

from robust_core import files, zoo
from robust_core.data import digits
from robust_core.training import RECIPES, train
from robust_core.training.export import (
    amend,
    check_second_run,
    export,
    install,
    record_second_run,
    rounded_weights,
    write_export,
)
from robust_core.zoo import loading
from tests.processes import at_once

KEYS = {
    *("file", "sha256", "data", "accuracy", "correct", "n_test", "command", "seed", "epochs"),
    *("recipe", "curve", "parameters", "seconds", "device", "torch"),
}


def contents(folder):
    """What is in a folder besides the lock, which is empty."""
    return sorted(name for name in os.listdir(folder) if name != "index.lock")


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


def test_what_was_held_out_has_a_figure_of_its_own(tmp_path):
    recipe = replace(RECIPES.get("digits-cnn"), epochs=1, held_out=347)
    model = zoo.untrained("digits-cnn", 7)
    trainer = train(model, recipe, digits.load("train"), folder=tmp_path, show=False)
    entry = export(trainer, digits.load("test"), tmp_path, "x")
    assert set(entry) == KEYS | {"accuracy_held_out", "n_held_out"}
    assert entry["n_held_out"] == 347
    assert entry["accuracy_held_out"] == trainer.curve[0]["held_out"] > 0.1


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


def test_the_same_pictures_squeezed_have_a_figure_of_their_own(exported, tmp_path):
    trainer, entry, _ = exported
    images, labels = digits.load("test")
    squeezed = export(trainer, (images, labels), tmp_path, "x", (images.flip(2), labels))
    assert squeezed["accuracy"] == entry["accuracy"] > squeezed["accuracy_squeezed"]


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
    assert contents(tmp_path / "new") == ["digits-cnn.safetensors", "index.json"]


def test_a_damaged_index_is_not_overwritten(exported, tmp_path):
    (tmp_path / "index.json").write_text("{")
    with pytest.raises(zoo.ZooError, match="damaged"):
        install(exported[2], "digits-cnn", tmp_path)
    assert contents(tmp_path) == ["index.json"]


def test_processes_that_install_at_once_lose_no_entry(tmp_path, monkeypatch):
    """Each adds its own, twenty times over, to an index that others rewrite meanwhile.

    Each pauses between reading the index and writing it, for the others to come in between.
    """
    names = [f"model-{i}" for i in range(4)]
    for name in names:
        for i in range(20):
            write_export(tmp_path / name / str(i), f"{name}-{i}", {"file": f"{name}-{i}.x"}, b"")

    write = files.write_json

    def slowly(path, value) -> None:
        time.sleep(0.003)
        write(path, value)

    monkeypatch.setattr(files, "write_json", slowly)

    def add(name: str) -> None:
        for i in range(20):
            install(tmp_path / name / str(i), f"{name}-{i}", tmp_path / "weights")

    assert at_once(add, *names) == [None] * 4
    assert len(zoo.index(tmp_path / "weights")) == 80
    assert len(contents(tmp_path / "weights")) == 81


@pytest.mark.parametrize("step", range(4))
@pytest.mark.parametrize("before", [True, False])
def test_a_stop_at_any_step_leaves_weights_that_load(exported, tmp_path, monkeypatch, step, before):
    """The old ones, the new ones, or none where there were none: never damaged ones."""
    trainer, entry, folder = exported
    first = tmp_path / "first"
    old = zoo.untrained("digits-cnn", 1)
    content = to_safetensors(rounded_weights(old.network))
    digest = hashlib.sha256(content).hexdigest()
    write_export(first, "digits-cnn", entry | {"sha256": digest}, content)
    weights = tmp_path / "weights"
    if before:
        install(first, "digits-cnn", weights)
    moves: list[str] = []
    move = os.replace

    def stopped(source, target):
        if len(moves) == step:
            raise KeyboardInterrupt
        moves.append(target)
        move(source, target)

    monkeypatch.setattr(os, "replace", stopped)
    with contextlib.suppress(KeyboardInterrupt):
        install(folder, "digits-cnn", weights)
    monkeypatch.undo()
    there = (weights / "index.json").exists()
    assert there == (before or step >= 2)
    if there:
        state = loading._bundled("digits-cnn", weights).network.state_dict()
        kept = rounded_weights((trainer.result() if step >= 2 else old).network)
        assert all(torch.equal(value, kept[name].float()) for name, value in state.items())
    install(folder, "digits-cnn", weights)  # and the next installation leaves nothing of it behind
    assert contents(weights) == ["digits-cnn.safetensors", "index.json"]


def test_an_entry_is_amended_and_everything_else_is_left(exported, tmp_path):
    _, _, folder = exported
    install(folder, "digits-cnn", tmp_path)
    before = json.loads((tmp_path / "index.json").read_text())
    assert amend({"digits-cnn": {"figure": 1, "seed": 7}}, tmp_path) == tmp_path / "index.json"
    after = json.loads((tmp_path / "index.json").read_text())
    assert after == {"digits-cnn": before["digits-cnn"] | {"figure": 1, "seed": 7}}
    with pytest.raises(KeyError):
        amend({"nobody": {}}, tmp_path)
    assert json.loads((tmp_path / "index.json").read_text()) == after


def test_a_second_run_leaves_all_else_as_it_is(exported, weights_folder):
    _, entry, _ = exported
    before = zoo.index(weights_folder)
    assert record_second_run("digits-cnn", entry, weights_folder) == weights_folder / "index.json"
    after = zoo.index(weights_folder)
    second = after["digits-cnn"].pop("second_run")
    assert after == before
    assert second["curve"] == entry["curve"]
    assert (second["seed"], second["accuracy"]) == (entry["seed"], entry["accuracy"])
    assert "sha256" not in second


def test_a_second_run_is_of_the_same_recipe(weights_folder):
    recipe = RECIPES.get("cifar10-resnet32")
    check_second_run(recipe, weights_folder)  # though its entry is older than some settings
    with pytest.raises(ValueError, match="another epochs, peak_rate"):
        check_second_run(replace(recipe, epochs=3, peak_rate=1.0), weights_folder)
    with pytest.raises(ValueError, match="not bundled"):
        check_second_run(replace(recipe, model="mine"), weights_folder)
