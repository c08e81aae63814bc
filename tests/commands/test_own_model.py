"""``--model FILE`` in attack, evaluate and verify."""

import pytest
import torch
from PIL import Image
from safetensors.torch import save

from robust_core import zoo
from robust_core.models import DigitsMLP
from robust_core.zoo.own.sizes import size_of
from tests.onnx_files import classifier, exported

PICTURE = "sample:digits-test-3"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with ``cnn.onnx``, the bundled network for digits, and ``mlp.onnx``."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "cnn.onnx").write_bytes(exported(zoo.load("digits-cnn", "cpu").network, (1, 8, 8)))
    torch.manual_seed(0)
    (folder / "mlp.onnx").write_bytes(exported(DigitsMLP(), (1, 8, 8)))
    yield folder
    for name in ("cnn.onnx", "mlp.onnx"):
        zoo.dismiss(name)


def normalised() -> list[str]:
    model = zoo.load("digits-cnn", "cpu")
    return ["--mean", f"{model.mean.item():.6f}", "--std", f"{model.std.item():.6f}"]


def test_an_attack_is_the_one_on_the_bundled_network(command, files):
    attack = ("--attack", "fgsm", "--eps", "0.1", "--device", "cpu", "--json")
    ours = command(
        "attack",
        PICTURE,
        "--model",
        files / "cnn.onnx",
        "--classes",
        "digits",
        *normalised(),
        *attack,
    ).json
    theirs = command("attack", PICTURE, "--model", "digits-cnn", "--detector", "none", *attack).json
    assert ours["model"] == "cnn.onnx"
    assert ours["after"]["label"] == theirs["after"]["label"]
    assert ours["after"]["confidence"] == pytest.approx(theirs["after"]["confidence"], abs=1e-3)
    assert ours["label_source"] == theirs["label_source"]


def test_evaluate_says_which_normalisation_fits(command, files):
    evaluate = ("--attack", "fgsm", "--eps", "0.1", "--data", "digits", "--limit", "60", "--json")
    base = ("evaluate", "--model", files / "cnn.onnx", "--classes", "digits")
    right, wrong = command(*base, *normalised(), *evaluate), command(*base, *evaluate)
    assert "With this normalisation it is right on 5" in right.err
    assert "Without a normalisation" in wrong.err
    (own, none, _) = right.json["normalisations"]
    assert own["n"] == 50
    assert own["right"] > none["right"]
    assert right.json["clean_top1"] > wrong.json["clean_top1"]


def test_verify_compiles_it(command, files):
    base = ("verify", PICTURE, "--model", files / "mlp.onnx", "--eps", "0.0001", "--device", "cpu")
    found = command(*base, "--classes", "digits", "--json").json
    assert found["verified"] + found["clean_wrong"] == 1


def test_weights_need_their_architecture(command, tmp_path):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(save({"w": torch.ones(2)}))
    base = ("attack", "sample:coffee", "--model", path, "--attack", "fgsm", "--eps", "0.1")
    assert "name their architecture" in command(*base).complaint
    told = command(*base, "--architecture", "resnet18", "--size", "32").complaint
    assert "not those of resnet18" in told


def test_mistakes_are_one_line(command, tmp_path, files):
    pickle = tmp_path / "model.pt"
    pickle.write_bytes(b"PK\x03\x04" + bytes(100))
    attack = ("--attack", "fgsm", "--eps", "0.1")
    cases = {
        (pickle,): "pickle",
        (tmp_path / "none.onnx",): "There is no model file",
        (files / "cnn.onnx", "--classes", "cat,dog"): "10 classes apart; 2 class names",
        (files / "cnn.onnx", "--size", "9x9x9"): "224x160",
        (files / "cnn.onnx", "--size", "9"): "8 x 8",
        (files / "cnn.onnx", "--mean", "1", "2"): "got 2",
        ("digits-cnn", "--classes", "digits"): "for a model of your own",
        ("timm:resnet18", "--size", "9"): "leave the option out",
    }
    for (model, *more), words in cases.items():
        assert words in command("attack", PICTURE, "--model", model, *attack, *more).complaint
    assert "--classes" in command("evaluate", "--suite", "digits", "--classes", "a,b").complaint


def test_the_notes_of_a_file_are_said(command, tmp_path):
    path = tmp_path / "one.onnx"
    path.write_bytes(classifier(shape=(1, 3, 8, 8)).SerializeToString())
    ended = command("attack", "sample:coffee", "--model", path, "--attack", "fgsm", "--eps", "0.1")
    assert ended.status == 0
    zoo.dismiss("one.onnx")


def test_folders_with_names_need_classes_and_few_classes_no_top_5(command, tmp_path):
    path = tmp_path / "four.onnx"
    path.write_bytes(classifier().SerializeToString())
    for name in ("cat", "dog"):
        (tmp_path / "mine" / name).mkdir(parents=True)
        Image.new("RGB", (8, 8), "red" if name == "cat" else "blue").save(
            tmp_path / "mine" / name / "a.png"
        )
    asked = ("evaluate", "--model", path, "--data", tmp_path / "mine", "--attack", "fgsm")
    asked += ("--eps", "0.1", "--device", "cpu")
    told = command(*asked).complaint
    assert "'cat' is not a class" in told
    assert told.endswith("name them with --classes")
    printed = command(*asked, "--classes", "cat,dog,bird,fish").out
    assert "clean: top-1" in printed
    assert "top-5" not in printed
    zoo.dismiss("four.onnx")


def test_models_lists_no_guest(command, files):
    command("verify", PICTURE, "--model", files / "mlp.onnx", "--eps", "0.1", "--method", "ibp")
    assert "mlp.onnx" not in command("models").out


def test_sizes():
    assert size_of("224") == (224, 224)
    assert size_of("32X48") == (32, 48)
