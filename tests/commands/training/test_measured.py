"""``train squeezing``, ``safetynet``, ``reconstruction``: their JSON, their table, Ctrl-C, refusals."""

import json

import pytest
import torch

from robust_core import files
from robust_core.commands.training import detector_data, reconstruction
from robust_core.training import export
from robust_core.training.detectors.opponents import Opponent


@pytest.fixture
def trained(command, tmp_path, few_pictures, monkeypatch):
    """Run a recipe on some pictures that stand for CIFAR-10."""
    monkeypatch.setattr(export.install, "__defaults__", (tmp_path / "weights",))

    def run(recipe, *more):
        return command(
            *("train", recipe, "--device", "cpu", "--cache", tmp_path / "cache"),
            *("--folder", tmp_path / recipe, *more),
        )

    return run


def test_squeezing_of_the_digits(trained, tmp_path):
    ended = trained("squeezing", "--model", "digits-cnn", "--limit", "30", "--json", "--install")
    assert ended.status == 0, ended.err
    value = ended.json
    assert value["name"] == "digits-cnn-squeezing"
    assert value["recipe"]["squeezers"] == ["bits-1", "median-2"]
    assert (value["n_test"], value["n_calibration"], value["data"]) == (
        *(30, 30),
        "scikit-learn digits",
    )
    assert [one["adversary"] for one in value["against"]] == ["fgsm", "bim", "deepfool"]
    assert value["command"] == (
        "python -m robust_core train squeezing --model digits-cnn --limit 30"
    )
    assert value["installed"] == str(tmp_path / "weights" / "index.json")
    assert list(json.loads((tmp_path / "weights" / "index.json").read_text())) == [value["name"]]
    again = trained("squeezing", "--model", "digits-cnn", "--limit", "30")
    assert again.status == 0
    for word in ("AUC", "deepfool", "At the threshold", "bits-1, median-2", "Written: "):
        assert word in again.out


def test_safetynet(trained, tmp_path):
    ended = trained("safetynet", "--limit", "8", "--test-limit", "3", "--json", "--install")
    assert ended.status == 0, ended.err
    value = ended.json
    assert value["name"] == "cifar10-resnet32-safetynet"
    assert list(value["recipe"]["adversaries"]) == ["fgsm", "deepfool"]
    assert [one["adversary"] for one in value["against"]] == ["fgsm", "deepfool", "bim"]
    assert (value["n"], value["n_test"], value["n_calibration"]) == (8, 3, 6)
    assert value["prototypes"] >= 2
    assert value["command"].endswith("train safetynet --limit 8 --test-limit 3")
    assert {f.name for f in (tmp_path / "weights").iterdir()} == {
        *("index.json", "index.lock", "cifar10-resnet32-safetynet.safetensors")
    }


@pytest.fixture
def quick(monkeypatch):
    """Autoencoders that take no time."""
    sizes = {key: {"code": 2, "width": 2, "epochs": 2} for key in reconstruction.SIZES}
    monkeypatch.setattr(reconstruction, "SIZES", sizes)


def test_reconstruction_of_the_digits(trained, tmp_path, quick):
    small = ("--limit", "64", "--test-limit", "20")
    ended = trained("reconstruction", *small, "--seed", "3", "--json", "--install")
    assert ended.status == 0, ended.err
    value = ended.json
    assert value["name"] == "digits-cnn-reconstruction"
    assert [one["adversary"] for one in value["against"]] == ["fgsm", "bim", "deepfool"]
    assert (value["n"], value["n_test"], value["n_calibration"]) == (64, 20, 225)
    assert (value["seed"], value["epochs"], value["data"]) == (3, 2, "scikit-learn digits")
    assert value["command"] == (
        "python -m robust_core train reconstruction --limit 64 --test-limit 20 --seed 3"
    )
    assert {f.name for f in (tmp_path / "weights").iterdir()} == {
        *("index.json", "index.lock", "digits-cnn-reconstruction.safetensors")
    }
    again = trained("reconstruction", *small, "--seed", "3")
    for word in ("AUC", "deepfool", "At the threshold", "Trained on 64 clean pictures", "Written:"):
        assert word in again.out
    assert "another recipe or seed" in trained("reconstruction", *small).complaint


def test_reconstruction_of_colour_pictures(trained, quick):
    model = ("--model", "cifar10-resnet32")
    value = trained("reconstruction", *model, "--limit", "8", "--test-limit", "3", "--json").json
    assert value["name"] == "cifar10-resnet32-reconstruction"
    assert (value["n"], value["n_test"], value["data"]) == (8, 3, "CIFAR-10")
    assert value["command"].endswith("--model cifar10-resnet32 --limit 8 --test-limit 3")


def test_a_second_one_in_the_folder_says_so(trained, tmp_path):
    with files.locked(tmp_path / "squeezing" / "training.lock"):
        complaint = trained("squeezing", "--model", "digits-cnn", "--limit", "30").complaint
    assert "Another training runs in" in complaint


def test_ctrl_c_says_how_to_go_on(trained, monkeypatch, quick):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(Opponent, "craft", interrupted)
    for recipe in ("squeezing", "safetynet", "reconstruction"):
        ended = trained(recipe, "--limit", "4")
        assert ended.status == 130
        assert "run the same command to go on" in ended.err.splitlines()[-1]


@pytest.mark.parametrize("recipe", ["squeezing", "safetynet", "reconstruction"])
@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--eps", "0.1", "--point", "AD(2)"), ["has no --point, --eps; it takes --model"]),
        (("--epochs", "3"), ["has no --epochs"]),
        (("--paper-schedule",), ["has no --paper-schedule"]),
        (
            ("--model", "imagenet-vgg16"),
            ["--model must be one of cifar10-resnet32", "imagenet-vgg16"],
        ),
    ],
)
def test_mistakes_are_one_clear_line(trained, recipe, more, words):
    complaint = trained(recipe, *more).complaint
    assert all(word in complaint for word in words)


def test_only_what_draws_numbers_takes_a_seed(trained):
    for recipe in ("squeezing", "safetynet"):
        assert "has no --seed" in trained(recipe, "--seed", "3").complaint


def test_no_picture_both_sets_the_threshold_and_is_measured():
    images = torch.arange(11)
    for measure, calibrate in ((2, 3), (100, 100), (5, 5)):
        (first, labels), last = detector_data.halves((images, images), measure, calibrate)
        assert torch.equal(first, labels)
        assert (len(first), len(last)) == (min(measure, 5), min(calibrate, 5))
        assert not set(first.tolist()) & set(last.tolist())
