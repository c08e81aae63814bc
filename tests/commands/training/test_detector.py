"""``train detector``: its JSON, Ctrl-C and going on, refusals."""

import shlex
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from robust_core import attacks, files, zoo
from robust_core.commands.parser import build_parser
from robust_core.commands.training import detector
from robust_core.commands.training import detector_queue as queue
from robust_core.commands.training.detector_options import FAST, DetectorOptions
from robust_core.commands.training.detector_queue import BUNDLED, MEASURED
from robust_core.commands.training.request import Request
from robust_core.data import imagenette
from robust_core.evaluation.detector_tables.plan import TRANSFER
from robust_core.models import ResNet32, SelectedVGG
from robust_core.models.detector import build
from robust_core.training import export
from robust_core.training.detectors import static
from robust_core.training.detectors.static import DetectorTrainer
from robust_core.zoo import bundled_detectors, imagenet, loading

NAME = "cifar10-resnet32-ad4-bim-2-255"
START = ("train", "detector", "--adversary", "bim", "--eps", "2/255")
SEVERAL = ("train", "detector", "--adversary", "several")


@pytest.fixture
def trained(command, tmp_path, few_pictures):
    """Train at AD(4) for two epochs on the first six of some pictures that stand for CIFAR-10."""

    def run(*more, folder="run", start=(*START, "--steps", "2")):
        return command(
            *(
                *start,
                "--point",
                "AD(4)",
                "--limit",
                "6",
                "--epochs",
                "2",
                "--test-limit",
                "6",
            ),
            *("--device", "cpu", "--cache", tmp_path / "cache", "--folder", tmp_path / folder),
            *more,
        )

    return run


def test_what_it_says_and_writes(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(export.install, "__defaults__", (tmp_path / "weights",))
    ended = trained("--json", "--install", "--seed", "3")
    assert ended.status == 0, ended.err
    value = ended.json
    assert (value["name"], value["model"], value["point"]) == (NAME, "cifar10-resnet32", "AD(4)")
    assert (value["n"], value["n_test"], value["epochs"], value["seed"]) == (6, 6, 2, 3)
    assert value["recipe"]["parameters"]["steps"] == 2
    assert value["eps"] == pytest.approx(2 / 255)
    assert value["command"].startswith(
        "python -m robust_core train detector --point 'AD(4)' --adversary bim --eps 2/255"
    )
    assert value["command"].endswith(" --steps 2 --limit 6 --test-limit 6 --epochs 2 --seed 3")
    assert {f.name for f in (tmp_path / "run").iterdir()} == {
        *("checkpoint.pt", "entry.json", f"{NAME}.safetensors", "training.lock")
    }
    assert {f.name for f in (tmp_path / "weights").iterdir()} == {
        *("index.json", "index.lock", f"{NAME}.safetensors")
    }
    assert "epoch 2/2" in ended.err


def test_ctrl_c_and_going_on_give_the_same_weights(trained, interrupt_at):
    straight = trained("--json", folder="straight").json
    with interrupt_at(DetectorTrainer, 1):  # one step an epoch
        ended = trained()
    assert ended.status == 130
    assert ended.out == ""
    assert "run the same command to go on" in ended.err.splitlines()[-1]
    assert trained("--json").json["sha256"] == straight["sha256"]


def test_several_are_trained_on_and_crafted_as_each_alone(trained, tmp_path, monkeypatch):
    each = (FAST, DetectorOptions(adversary="bim", eps=2 / 255, steps=2))
    monkeypatch.setattr(detector, "IN_TURN", each)
    ended = trained("--json", start=SEVERAL)
    assert ended.status == 0, ended.err
    value = ended.json
    assert value["name"] == "cifar10-resnet32-ad4-several"
    assert (value["adversary"], value["eps"]) == (["fgsm", "bim"], None)
    assert value["recipe"]["parameters"]["bim"]["steps"] == 2
    assert "--adversary several --limit 6" in value["command"]
    made = {f.name for f in (tmp_path / "cache").glob("bim-*-6-????????????.npy")}
    assert len(made) == 2  # of training and of test pictures

    def refuse(*_):
        raise AssertionError("crafted again")

    monkeypatch.setattr(attacks.BIM, "perturb", refuse)
    alone = trained("--json", folder="alone")
    assert alone.status == 0, alone.err
    assert alone.json["recipe"]["parameters"] == value["recipe"]["parameters"]["bim"]


def test_a_second_one_in_the_folder_says_so(trained, tmp_path):
    with files.locked(tmp_path / "run" / "training.lock"):
        assert "Another training runs in" in trained().complaint


def test_it_starts_from_a_detector_of_its_kind_only():
    weights = detector.first_weights("cifar10-resnet32-ad4-bim-1-255", "cpu")
    assert weights.keys() == build(ResNet32, "AD(4)").state_dict().keys()
    with pytest.raises(ValueError, match="--start must be a detector made by train detector"):
        detector.first_weights("cifar10-resnet32-squeezing", "cpu")


def test_several_are_the_five_of_the_paper_as_the_queue_has_each_alone():
    (several,) = (one for one in BUNDLED if one.adversary == "several")
    five = detector.adversary_of(several)
    assert tuple(five) == TRANSFER
    alone = [
        detector.adversary_of(one)
        for one in BUNDLED
        if one.limit == several.limit and one.adversary in five
    ]
    assert all(attack in alone for attack in five.values())


@pytest.mark.parametrize("wanted", [*BUNDLED, *MEASURED], ids=queue.name)
def test_the_command_of_each_in_the_queue_stands_for_the_same_options(wanted):
    """Whoever runs the command that the entry of a detector names trains that detector."""
    words = shlex.split(detector.command(wanted))[3:]
    assert DetectorOptions.of(build_parser("train").parse_args(words)) == wanted


def test_the_queue_names_each_as_its_training_does():
    fresh = cache(zoo.untrained)
    for wanted in [*BUNDLED, *MEASURED]:
        classifier = fresh(wanted.model or detector.MODEL)
        recipe = detector.recipe_of(wanted, classifier, detector.adversary_of(wanted))
        assert static.name(recipe) == queue.name(wanted)


def test_the_commands_of_the_index_are_those_of_the_queue():
    index = zoo.index()
    there = [name for name in BUNDLED.names() if name in index]
    assert there
    for name in there:
        assert index[name]["command"] == detector.command(BUNDLED.get(name))


def test_the_queue_trains_what_is_missing_and_nothing_else(command, monkeypatch):
    there = BUNDLED.names()[1:]
    monkeypatch.setattr(zoo, "index", lambda: dict.fromkeys(there))
    trained = []
    monkeypatch.setattr(
        detector, "train", lambda wanted, request: trained.append((wanted, request))
    )
    assert command("train", "detector", "--all-missing", "--device", "cpu").status == 0
    assert trained == [(next(iter(BUNDLED)), Request(device="cpu", install=True))]
    monkeypatch.setattr(zoo, "index", lambda: dict.fromkeys(BUNDLED.names()))
    ended = command("train", "detector", "--all-missing")
    assert ended.err.strip() == f"Nothing is missing: all {len(BUNDLED)} are there."
    assert len(trained) == 1


def test_the_queue_of_one_model_ends_with_those_that_are_only_measured(
    command, monkeypatch, tmp_path
):
    model = "imagenette-resnet"
    bundled = [one for one in BUNDLED if one.model == model]
    assert queue.name(bundled[0]) == bundled_detectors.DEFAULTS[model]
    monkeypatch.setattr(zoo, "index", lambda: {queue.name(bundled[0]): {}})
    monkeypatch.chdir(tmp_path)
    done, *left = MEASURED
    folder = tmp_path / "runs" / queue.name(done)
    folder.mkdir(parents=True)
    (folder / export.ENTRY).touch()
    trained = []
    monkeypatch.setattr(detector, "train", lambda *asked: trained.append(asked))
    assert command("train", "detector", "--all-missing", "--model", model).status == 0
    assert trained == [
        *((wanted, Request(install=True)) for wanted in bundled[1:]),
        *((wanted, Request()) for wanted in left),
    ]
    complaint = command("train", "detector", "--all-missing", "--model", "digits-cnn").complaint
    assert complaint.startswith("--model must be one of cifar10-resnet32, imagenette-resnet; got")


def test_the_l2_radii_on_photographs_change_each_value_as_the_papers_do():
    """400, 800 and 1200 of 255 at 224 x 224, rounded to whole numbers at 128 x 128."""
    radii = [one.eps for one in MEASURED if one.adversary == "bim-l2"]
    for eps, papers in zip(sorted(radii), (400, 800, 1200), strict=True):
        assert 255 * eps / (3 * 128**2) ** 0.5 == pytest.approx(
            papers / (3 * 224**2) ** 0.5, rel=2e-3
        )


def small_vgg() -> SelectedVGG:
    """Five blocks that read like VGG16's, whose fourth has as many maps."""
    widths = (3, 4, 4, 4, 512, 2)
    layers: list[nn.Module] = []
    for below, above in pairwise(widths):
        layers += [nn.Conv2d(below, above, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    network = nn.Module()
    network.features = nn.Sequential(*layers)
    network.avgpool = nn.AdaptiveAvgPool2d(1)
    network.classifier = nn.Linear(2, 12)
    return SelectedVGG(network, range(1, 11))


@pytest.fixture
def vgg(monkeypatch):
    """``imagenet10-vgg16`` as a small network without a download, and few pictures of Imagenette."""
    name = "imagenet10-vgg16"
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (12, 3, 64, 64), dtype=torch.uint8, generator=generator)

    def read(split, root, *, side, shorter, how, limit=None):
        assert (side, shorter) == (64, 72)
        return pixels[:limit], (torch.arange(12) % 10)[:limit]

    monkeypatch.setitem(vars(imagenette.RECORD), "read_sized", read)
    monkeypatch.setattr(imagenet, "download", lambda name, instead: zoo.untrained(name))
    monkeypatch.setattr(loading, "_loaded", {})
    small = replace(zoo.spec(name), build=small_vgg, input_size=(64, 64), shorter=72)
    with zoo.MODELS.temporarily(small):
        yield name


def test_the_whole_chain_runs_for_vgg16_of_ten_classes(vgg, command, tmp_path):
    ended = command(
        *(
            "train",
            "detector",
            "--model",
            vgg,
            "--adversary",
            "bim-l2",
            "--eps",
            "1",
            "--steps",
            "1",
        ),
        *("--limit", "6", "--test-limit", "4", "--epochs", "1", "--device", "cpu", "--json"),
        *("--cache", tmp_path / "cache", "--folder", tmp_path / "runs" / "x"),
    )
    assert ended.status == 0, ended.err
    value = ended.json
    assert value["name"] == f"{vgg}-ad4-bim-l2-255-255"
    assert (value["model"], value["point"], value["parameters"]) == (vgg, "AD(4)", 2_289_281)
    assert (value["n"], value["n_test"], value["n_calibration"]) == (6, 4, 6)
    (read,) = (tmp_path / "cache").glob("*-ad4.npy")
    assert np.load(read, mmap_mode="r").shape == (6, 2, 512, 4, 4)
    ended = command(
        *(
            "evaluate-detectors",
            "--model",
            vgg,
            "--runs",
            tmp_path / "runs",
            "--part",
            "adversaries",
        ),
        *(
            "--cache",
            tmp_path / "cache",
            "--out",
            tmp_path / "out.json",
            "--device",
            "cpu",
            "--json",
        ),
    )
    assert ended.status == 0, ended.err
    assert ended.json["data"] == "Imagenette test"
    (row,) = ended.json["parts"]["adversaries"]["rows"]
    assert (row["detector"], row["floats"]["n_test"]) == (value["name"], 4)


def test_people_get_sentences(trained, tmp_path):
    ended = trained()
    assert ended.status == 0
    assert "wrongly called adversarial" in ended.out
    assert str(tmp_path / "run") in ended.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("train", "detector"), ["needs --adversary"]),
        (("train", "detector", "--adversary", "bim"), ["bim needs --eps"]),
        (("train", "detector", "--adversary", "zap"), ["attack must be one of", "zap"]),
        (("train", "detector", "--adversary", "deepfool", "--eps", "1"), ["deepfool has no eps"]),
        (("train", "detector", "--adversary", "dynamic"), ["needs --eps"]),
        ((*START, "--start", "x"), ["--start belongs to --adversary dynamic"]),
        ((*SEVERAL, "--start", "x"), ["--start belongs to --adversary dynamic"]),
        (
            (*SEVERAL, "--eps", "1/255", "--steps", "2"),
            ["several takes none of --eps, --steps: each"],
        ),
        ((*SEVERAL, "--step-size", "1"), ["several takes none of --step-size"]),
        ((*SEVERAL, "--model", "imagenette-resnet"), ["several is for cifar10-resnet32"]),
        (
            ("train", "detector", "--all-missing", "--limit", "3"),
            ["--all-missing takes no --limit"],
        ),
        ((*START, "--steps", "0"), ["steps must be", "from 1"]),
        ((*START, "--point", "AD(7)", "--data", "."), ["--point must be", "AD(4)"]),
        ((*START, "--data", "."), ["CIFAR-10"]),
        ((*START, "--model", "digits-cnn"), ["--model must be one of cifar10-resnet32"]),
        ((*START, "--limit", "0"), ["--limit", "from 1"]),
        ((*START, "--averaging", "1"), ["--averaging", "between 0 and 1"]),
        ((*START, "--paper-schedule"), ["no --paper-schedule"]),
        (("train", "digits-cnn", "--step-size", "1", "--limit", "3"), ["--step-size, --limit"]),
    ],
)
def test_mistakes_are_one_clear_line(command, arguments, words, tmp_path):
    complaint = command(*arguments, "--folder", tmp_path / "run").complaint
    assert all(word in complaint for word in words)
    assert not (tmp_path / "run").exists()


def test_an_unknown_point_is_refused_before_anything_is_crafted(trained, tmp_path):
    complaint = trained("--point", "AD(7)").complaint
    assert complaint.startswith("--point must be one of AD(0), ")
    assert not (tmp_path / "cache").exists()
