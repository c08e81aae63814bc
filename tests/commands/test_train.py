"""``train``: every key of its JSON, Ctrl-C and going on, installation, refusals."""

import errno
import json
import os
from contextlib import ExitStack
from dataclasses import replace

import pytest

from robust_core import files, zoo
from robust_core.commands.train import MEASURED
from robust_core.commands.training.classifier import ClassifierOptions
from robust_core.commands.training.request import Request
from robust_core.data import digits
from robust_core.registry import Registry
from robust_core.training import RECIPES, export, recipes
from robust_core.training.objectives import Distillation
from robust_core.training.recipes import ABOUT, PAPER_SCHEDULES
from robust_core.training.run import Trainer
from robust_core.zoo import loading

KEYS = {
    *("model", "weights", "installed", "file", "sha256", "data", "accuracy", "correct"),
    *("n_test", "command", "seed", "epochs", "recipe", "parameters", "seconds", "device", "torch"),
    "curve",
}


@pytest.fixture
def trained(command, tmp_path):
    """Train the digits CNN for two epochs into a folder of the test."""

    def run(*more, folder="run"):
        return command(
            *("train", "digits-cnn", "--epochs", "2", "--device", "cpu"),
            *("--folder", tmp_path / folder, "--json", *more),
        )

    return run


def test_every_key_and_file(trained, tmp_path):
    ended = trained("--seed", "5")
    assert ended.status == 0, ended.err
    value = ended.json
    assert set(value) == KEYS
    assert value["model"] == "digits-cnn"
    assert (value["seed"], value["epochs"], value["recipe"]["epochs"]) == (5, 2, 2)
    assert value["command"] == "python -m robust_core train digits-cnn --epochs 2 --seed 5"
    assert value["n_test"] == len(digits.load("test")[1])
    assert value["installed"] is None
    assert {f.name for f in (tmp_path / "run").iterdir()} == {
        *("checkpoint.pt", "entry.json", "digits-cnn.safetensors", "training.lock")
    }
    assert "epoch 2/2" in ended.err


def test_what_could_not_be_kept_is_not_trained(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(Trainer, "step", None)
    (tmp_path / "file").write_text("no folder")
    assert "--folder" in trained(folder="file").complaint
    monkeypatch.setattr("robust_core.commands.train.WEIGHTS", tmp_path / "file")
    complaint = trained("--install").complaint
    assert f"{tmp_path / 'file'} cannot be written to" in complaint
    assert "--install" in complaint


def test_ctrl_c_says_where_it_stopped_and_the_same_command_goes_on(trained, interrupt_at):
    straight = trained(folder="straight").json
    in_epoch_2 = -(-len(digits.load("train")[1]) // RECIPES.get("digits-cnn").batch) + 3
    with interrupt_at(Trainer, in_epoch_2):
        ended = trained()
    assert ended.status == 130
    assert ended.out == ""
    last = ended.err.splitlines()[-1]
    assert last.endswith("Stopped after epoch 1 of 2. Run the same command to go on.")
    assert trained().json["sha256"] == straight["sha256"]


def test_ctrl_c_in_the_first_epoch(trained, interrupt_at):
    with interrupt_at(Trainer, 0):
        ended = trained()
    assert ended.status == 130
    assert "nothing was kept" in ended.err


def test_install(trained, monkeypatch, tmp_path):
    weights = tmp_path / "weights"
    monkeypatch.setattr(export.install, "__defaults__", (weights,))
    ended = trained("--install")
    assert ended.status == 0, ended.err
    assert ended.json["installed"] == str(weights / "digits-cnn.safetensors")
    entry = zoo.index(weights)["digits-cnn"]
    assert entry["sha256"] == ended.json["sha256"]
    assert loading._bundled("digits-cnn", weights).provenance.accuracy == ended.json["accuracy"]


def test_of_a_second_run_only_the_curve_is_kept(trained, weights_folder, monkeypatch):
    for write in (export.check_second_run, export.record_second_run):
        monkeypatch.setattr(write, "__defaults__", (weights_folder,))
    assert "trained with another epochs" in trained("--curve-only").complaint
    entries = zoo.index()
    entries["digits-cnn"]["recipe"]["epochs"] = 2
    files.write_json(weights_folder / "index.json", entries)
    assert "without --install" in trained("--curve-only", "--install").complaint
    ended = trained("--curve-only", "--seed", "3")
    assert ended.status == 0, ended.err
    assert ended.json["installed"] is None
    second = zoo.index()["digits-cnn"].pop("second_run")
    assert second["curve"] == ended.json["curve"]
    assert second["command"] == "python -m robust_core train digits-cnn --epochs 2 --seed 3"
    assert zoo.index()["digits-cnn"]["sha256"] == entries["digits-cnn"]["sha256"]


def test_people_get_sentences(command, tmp_path):
    ended = command("train", "digits-cnn", "--epochs", "1", "--folder", tmp_path)
    assert ended.status == 0
    assert "test pictures right" in ended.out
    assert str(tmp_path) in ended.out


def test_another_seed_does_not_go_on_with_the_same_checkpoint(trained):
    assert trained("--seed", "1").status == 0
    ended = trained("--seed", "2")
    assert ended.status == 2
    assert "--seed 1" in ended.err


def test_a_damaged_checkpoint_is_one_line(trained, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "checkpoint.pt").write_bytes(b"half")
    ended = trained()
    assert f"{tmp_path / 'run' / 'checkpoint.pt'} is damaged: delete it" in ended.complaint


def test_a_full_disk_is_one_line(trained, monkeypatch):
    def full(file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    ended = trained()
    assert ended.status == 2
    assert "Traceback" not in ended.err
    assert "error: There is no room for checkpoint.pt in" in ended.err.splitlines()[-1]


def test_a_second_training_in_the_folder_says_so(trained, tmp_path):
    folder = tmp_path / "run"
    with files.locked(folder / "training.lock"):
        assert f"Another training runs in {folder}" in trained().complaint
    assert trained().status == 0


def test_a_missing_or_damaged_data_folder_is_one_line(command, tmp_path):
    folder = tmp_path / "run"
    arguments = ("train", "cifar10-resnet32", "--data", tmp_path, "--folder", folder)
    assert "data download cifar10" in command(*arguments).complaint
    (tmp_path / "cifar-10-batches-bin").mkdir()
    (tmp_path / "cifar-10-batches-bin" / "test_batch.bin").write_bytes(b"short")
    assert "data download cifar10" in command(*arguments).complaint
    assert not folder.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing",), ["nothing", *RECIPES.names()]),
        (("digits-cnn", "--data", "."), ["takes no data folder"]),
        (("digits-cnn", "--paper-schedule"), ["no paper schedule", *PAPER_SCHEDULES]),
        (("digits-cnn", "--epochs", "0"), ["--epochs", "from 1"]),
        (("digits-cnn", "--device", "abacus"), ["abacus"]),
        (("detector", "--curve-only"), ["only classifiers have"]),
        (("--all-missing", "--curve-only"), ["takes no --curve-only"]),
        ((), ["RECIPE", *RECIPES.names(), "--all-missing"]),
        (("--all-missing", "--epochs", "2", "--limit", "3"), ["takes no --epochs, --limit"]),
        (("--all-missing", "--seed", "1"), ["takes no --seed"]),
        (("digits-cnn", "--all-missing"), ["digits-cnn has no --all-missing"]),
    ],
)
def test_mistakes_are_one_clear_line(command, arguments, words):
    complaint = command("train", *arguments).complaint
    assert all(word in complaint for word in words)


def test_list_names_every_recipe_and_says_what_it_is(command):
    lines = command("train", "list").out.splitlines()
    assert [line.split(maxsplit=1) for line in lines] == [list(pair) for pair in ABOUT.items()]
    assert list(command("train", "list", "--json").json) == RECIPES.names()


def test_help_says_where_the_recipes_are_and_names_those_of_detectors(command):
    text = " ".join(command("train", "--help").out.split())
    assert "a classifier (list shows them)" in text
    assert all(name in text for name in ("detector", *MEASURED.names()))


@pytest.fixture
def short_queue(monkeypatch, weights_folder):
    """Only the digits are in the queue, for an epoch; ``weights_folder`` has no defended ones."""
    names = ("digits-cnn", "digits-cnn-pgd-at")
    short = [replace(RECIPES.get(name), epochs=1) for name in names]
    monkeypatch.setattr(recipes, "RECIPES", Registry("recipe", short, key=lambda r: r.model))
    entries = {n: e for n, e in zoo.index().items() if n in zoo.UNDEFENDED}
    (weights_folder / "index.json").write_text(json.dumps(entries))
    monkeypatch.setattr(export.install, "__defaults__", (weights_folder,))
    return weights_folder


def test_the_queue_trains_and_installs_what_is_missing(command, short_queue, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name, before = "digits-cnn-pgd-at", zoo.index()
    ended = command("train", "--all-missing", "--device", "cpu", "--data", tmp_path, "--json")
    assert ended.status == 0, ended.err
    assert ended.json["model"] == name  # one object: the other one was there
    assert zoo.index() == before | {name: zoo.index()[name]}
    assert zoo.index()[name]["command"] == f"python -m robust_core train {name}"
    assert zoo.index()[name]["recipe"]["objective"]["kind"] == "pgd"
    assert name in zoo.names()
    assert loading._bundled(name).provenance.accuracy == ended.json["accuracy"]
    again = command("train", "--all-missing")
    assert (again.status, again.out) == (0, "")
    assert again.err.strip() == "Nothing is missing: all 2 are installed."


@pytest.fixture
def instead():
    """``instead(recipe)``: it takes the place of the registered one of its model."""
    with ExitStack() as stack:
        yield lambda recipe: stack.enter_context(RECIPES.temporarily(recipe))


def test_ctrl_c_in_the_teacher_of_a_distillation(trained, instead, interrupt_at):
    hot = Distillation(temperature=20)
    instead(replace(RECIPES.get("digits-cnn"), objective=hot))
    epoch = -(-len(digits.load("train")[1]) // RECIPES.get("digits-cnn").batch)
    with interrupt_at(Trainer, epoch + 3):
        ended = trained()
    assert ended.status == 130
    assert "Stopped after epoch 1 of 2 of the teacher. Run the" in ended.err.splitlines()[-1]


def test_a_training_begins_with_the_weights_that_its_recipe_names(trained, instead):
    recipe = replace(RECIPES.get("digits-cnn"), start="digits-cnn", peak_rate=1e-9)
    instead(recipe)
    ended = trained()
    assert ended.json["correct"] == zoo.index()["digits-cnn"]["correct"]


def test_the_entry_names_the_schedule():
    name = "cifar10-resnet32"
    paper = ClassifierOptions(name, paper_schedule=True)
    assert paper.command() == f"python -m robust_core train {name} --paper-schedule"
    assert Request().folder_for(paper.folder_name).as_posix() == f"runs/{name}-paper"
    own = ClassifierOptions(name)
    assert own.command() == f"python -m robust_core train {name}"
    assert Request().folder_for(own.folder_name).as_posix() == f"runs/{name}"


def test_the_bundled_digits_are_made_by_their_own_command(command, tmp_path):
    """Whoever runs the command in the index gets a model of the accuracy in the index."""
    entry = zoo.index()["digits-cnn"]
    words = entry["command"].split()[3:]
    ended = command(*words, "--folder", tmp_path, "--device", "cpu", "--json")
    assert json.loads(ended.out)["accuracy"] == pytest.approx(entry["accuracy"], abs=0.01)
    assert entry["accuracy"] >= 0.98
