"""``evaluate``: every key of its JSON, its files, its refusals."""

import json
import shutil

import pytest
from PIL import Image

from robust_core import attacks, defenses, goals, imaging, zoo
from robust_core.data import digits
from robust_core.data.fitting import to_pixels
from robust_core.evaluation import accuracy
from robust_core.evaluation.flags import QUESTIONS

BASE = ("--model", "digits-cnn", "--device", "cpu")
FGSM = (*BASE, "--attack", "fgsm", "--eps", "0.1")
KEYS = {
    *("model", "attack", "data", "n", "clean_top1", "clean_top5", "rows", "parameters", "norm"),
    *("goal", "goal_parameters", "batch", "weights_sha256", "device", "versions"),
    *("defense", "adaptive", "notices", "flags", "fresh_draws", "clean_top1_interval"),
}
ROW = {
    *("eps", "top1", "top5", "top1_8bit", "success_rate", "correct", "flipped"),
    *(f"{kind}_{norm}" for kind in ("mean", "median") for norm in ("l0", "l1", "l2", "linf")),
    *("mean_queries", "mean_gradients", "seconds"),
    *(f"{share}_{of}" for share in ("top1", "success_rate") for of in ("interval", "draws")),
}


@pytest.mark.parametrize("name", ["noise", "fgsm", "pgd-l2"])
def test_every_key(command, name):
    ended = command(
        *("evaluate", *BASE, "--attack", name, "--eps", "0.1", "8/255", "--data", "digits"),
        *("--limit", "60", "--json"),
    )
    assert ended.status == 0, ended.err
    value = ended.json
    assert set(value) == KEYS
    assert (value["model"], value["attack"], value["data"]) == ("digits-cnn", name, "digits")
    assert value["n"] == 60
    assert [row["eps"] for row in value["rows"]] == [0.1, 8 / 255]
    assert all(set(row) == ROW for row in value["rows"])
    assert value["weights_sha256"] == zoo.index()["digits-cnn"]["sha256"]
    assert "eps" not in value["parameters"]


def test_figures_are_those_of_the_library(command):
    ended = command(
        *("evaluate", *BASE, "--attack", "pgd", "--steps", "3", "--seed", "2", "--eps", "0.1"),
        *("--data", "digits", "--limit", "50", "--batch", "16", "--json"),
    )
    images, labels = (tensor[:50] for tensor in digits.load("test"))
    expected = accuracy.evaluate(
        zoo.load("digits-cnn", "cpu"),
        "pgd",
        images,
        labels,
        eps_list=[0.1],
        parameters={"steps": 3, "seed": 2},
    )
    assert ended.json["batch"] == 16
    assert ended.json["parameters"] == expected["parameters"]
    for key in ("top1", "top5", "success_rate", "mean_l2"):
        assert ended.json["rows"][0][key] == pytest.approx(expected["rows"][0][key])


@pytest.mark.parametrize(
    ("options", "goal"),
    [
        ((), goals.Untargeted()),
        (("--goal", "untargeted"), goals.Untargeted()),
        (("--target", "4"), goals.Towards(4)),
        (("--goal", "targeted", "--target", "4"), goals.Towards(4)),
        (("--target", "least-likely"), goals.LeastLikely()),
        (("--goal", "least-likely"), goals.LeastLikely()),
        (("--goal", "source-target", "--source", "3", "--target", "5"), goals.SourceTarget(3, 5)),
        (("--goal", "confidence-reduction"), goals.ConfidenceReduction()),
        (("--goal", "confidence-reduction", "--drop", "0.4"), goals.ConfidenceReduction(0.4)),
    ],
)
def test_each_goal_is_named_and_is_that_of_the_library(command, options, goal):
    ended = command(
        *("evaluate", *BASE, "--attack", "bim", "--eps", "0.2", "--data", "digits"),
        *("--limit", "60", "--json", *options),
    )
    assert ended.status == 0, ended.err
    images, labels = (tensor[:60] for tensor in digits.load("test"))
    model = zoo.load("digits-cnn", "cpu")
    expected = accuracy.evaluate(model, "bim", images, labels, eps_list=[0.2], goal=goal)
    assert ended.json["goal"] == goal.name
    assert ended.json["goal_parameters"] == goal.parameters
    got, wanted = ended.json["rows"][0], expected["rows"][0]
    assert {k: got[k] for k in ROW - {"seconds"}} == {k: wanted[k] for k in ROW - {"seconds"}}


def test_progress_is_on_stderr_and_people_get_a_table(command):
    ended = command(
        *("evaluate", *BASE, "--attack", "fgsm", "--eps", "0.1", "--data", "digits"),
        *("--limit", "20"),
    )
    assert ended.status == 0
    assert "pictures" in ended.err
    assert "top-1" in ended.out
    assert "clean" in ended.out
    assert "loss ce" in ended.out  # a figure comes with its conditions
    assert "{" not in ended.out


def test_a_folder_of_pictures(command, tmp_path):
    for label in ("3", "7"):
        (tmp_path / label).mkdir()
        Image.new("L", (8, 8), int(label)).save(tmp_path / label / "a.png")
    ended = command(
        *("evaluate", *BASE, "--attack", "noise", "--eps", "0", "--data", tmp_path, "--json")
    )
    assert ended.json["n"] == 2
    assert ended.json["rows"][0]["top1"] == ended.json["clean_top1"]


def test_out_holds_what_is_printed(command, tmp_path):
    path = tmp_path / "result.json"
    ended = command(
        *("evaluate", *BASE, "--attack", "fgsm", "--eps", "0.1", "--data", "digits"),
        *("--limit", "10", "--json", "--out", path),
    )
    assert json.loads(path.read_text()) == ended.json


def test_an_eps_given_to_an_attack_without_one_is_explained(command):
    base = (*BASE, "--attack", "deepfool", "--data", "digits", "--limit", "5")
    assert "only decides what is a success" in command("evaluate", *base, "--eps", "0.1").out
    assert "only decides what is a success" not in command("evaluate", *base).out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ["--model", "--attack", "--data", "--suite"]),
        ((*BASE, "--attack", "fgsm", "--data", "digits"), ["fgsm needs --eps"]),
        (FGSM, ["--data"]),
        ((*FGSM, "--data", "mnist"), ["mnist", "cifar10"]),
        ((*FGSM, "--data", "cifar10"), ["32x32", "8x8"]),
        ((*FGSM, "--steps", "3", "--data", "digits"), ["no steps"]),
        ((*FGSM, "--data", "digits", "--limit", "0"), ["--limit"]),
        ((*FGSM, "--data", "digits", "--batch", "x"), ["--batch"]),
        ((*FGSM, "--data", "digits", "--out", "a.csv"), [".json"]),
        ((*FGSM, "--data", "digits", "--goal", "targeted"), ["--target"]),
        ((*FGSM, "--data", "digits", "--source", "3"), ["untargeted has no --source"]),
        (
            (
                *(*FGSM, "--data", "digits"),
                *("--goal", "source-target", "--source", "3", "--target", "3"),
            ),
            ["another class"],
        ),
        (("--suite", "digits", "--goal", "least-likely"), ["--goal"]),
        (("--suite", "nothing"), ["nothing", "cifar10", "digits", "list"]),
        (("--suite", "digits", "--attack", "fgsm", "--steps", "3"), ["--attack", "--steps"]),
    ],
)
def test_mistakes_are_one_clear_line(command, arguments, words):
    complaint = command("evaluate", *arguments).complaint
    assert all(word in complaint for word in words)


def test_missing_cifar10_says_how_to_get_it(command, monkeypatch, tmp_path):
    monkeypatch.setenv("ROBUST_DATA", str(tmp_path))
    complaint = command(
        *("evaluate", "--model", "cifar10-resnet32", "--attack", "fgsm", "--eps", "0.1"),
        *("--data", "cifar10"),
    ).complaint
    assert "data download cifar10" in complaint


def test_ctrl_c(command, monkeypatch):
    def interrupt(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(accuracy, "evaluate", interrupt)
    ended = command(
        *("evaluate", *BASE, "--attack", "fgsm", "--eps", "0.1", "--data", "digits", "--json")
    )
    assert ended.status == 130
    assert ended.out == ""
    assert ended.err.splitlines()[-1].endswith("robust_core: stopped")


def test_a_defence_and_both_attackers(command):
    """An unaware attacker attacks the undefended model."""

    def top1(*words: str) -> float:
        base = ("evaluate", *BASE, "--attack", "pgd", "--eps", "0.1", "--data", "digits")
        ended = command(*base, "--limit", "100", *words, "--json")
        assert ended.status == 0, ended.err
        return ended.json["rows"][0]["top1"]

    behind = ("--defense", "median:width=3")
    assert top1(*behind) > top1(*behind, "--adaptive") + 0.05
    images, labels = (tensor[:100] for tensor in digits.load("test"))
    model = zoo.load("digits-cnn", "cpu")
    adversarial = attacks.create("pgd", eps=0.1)(model, images, labels)
    defended = defenses.create("median", width=3)(model)
    right = [g[0].index for g in defended.predict(adversarial)]
    share = sum(a == b for a, b in zip(right, labels.tolist(), strict=True)) / 100
    assert top1(*behind) == pytest.approx(share)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--adaptive",), "--adaptive needs a --defense"),
        (("--defense", "jpg"), "defense must be one of jpeg, bit-depth"),
        (("--defense", "jpeg:"), "--defense must have settings after its colon"),
        (("--defense", "jpeg:75"), "--defense must be a name, or as in jpeg:quality=50"),
        (("--defense", "jpeg:level=3"), "jpeg has no level; it takes quality, subsampling"),
        (("--defense", "jpeg:=5"), "--defense must be a name, or as in jpeg:quality=50"),
        (("--defense", "jpeg:quality=50,quality=60"), "--defense gives quality twice"),
        (("--defense", "smoothing:sigma=-1"), "sigma must be a number above 0"),
        (
            ("--defense", "distilled"),
            "distilled needs a trained network, digits-cnn-distilled-t100",
        ),
    ],
)
def test_defences_that_are_refused(command, words, sentence):
    ended = command(
        *("evaluate", *BASE, "--attack", "fgsm", "--eps", "0.1", "--data", "digits", *words)
    )
    assert sentence in ended.complaint


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--attack", "fgsm", "--eps", "8"), "8 is beyond the whole range"),
        (("--attack", "deepfool-linf", "--eps", "8"), "did you mean 8/255?"),
        (("--attack", "fgsm", "--eps", ".1", "--defense", "smoothing:n=9"), "at least 10."),
        (
            (
                *("--attack", "square", "--eps", ".1", "--max-queries", "20"),
                *("--defense", "random-resize-pad:seed=3"),
            ),
            "learns from seed 3 of the defence's random draws alone",
        ),
    ],
)
def test_notices_come_before_the_work_and_beside_the_figures(command, words, sentence):
    asked = ("evaluate", *BASE, "--data", "digits", "--limit", "2", *words)
    ended = command(*asked, "--json")
    (told,) = ended.json["notices"]
    assert sentence in told
    assert told in ended.err
    assert told in command(*asked).out.splitlines()


def test_flags_are_beside_the_figures(command):
    asked = ("evaluate", *FGSM, "--data", "digits", "--limit", "4")
    quiet = command(*asked, "--json").json["flags"]
    assert [flag["name"] for flag in quiet] == list(QUESTIONS)
    assert not any(flag["raised"] for flag in quiet)
    assert f"flags: none of {', '.join(QUESTIONS)}" in command(*asked).out
    random = (*asked, "--defense", "random-resize-pad")
    (flag,) = (f for f in command(*random, "--json").json["flags"] if f["raised"])
    assert flag["name"] == "random"
    assert flag["sentence"] in command(*random).out.splitlines()


def test_fresh_draws_are_counted_and_said(command):
    asked = (*("evaluate", *FGSM, "--data", "digits", "--limit", "20"), "--fresh-draws", "3")
    random = (*asked, "--defense", "random-resize-pad")
    value = command(*random, "--json").json
    (row,) = value["rows"]
    assert value["fresh_draws"] == len(row["top1_draws"]) == 3
    assert row["top1"] == pytest.approx(sum(row["top1_draws"]) / 3)
    low, high = row["top1_interval"]
    assert low <= row["top1"] <= high
    assert "means over 3 fresh draws" in command(*random).out
    assert command(*asked, "--json").json["fresh_draws"] is None
    assert "fresh" not in command(*asked).out


def test_the_result_is_printed_where_the_disk_is_full(command, tmp_path, monkeypatch):
    def full(path, value):
        raise OSError("No space left")

    monkeypatch.setattr("robust_core.files.write_json", full)
    where = ("--data", "digits", "--limit", "5", "--out", tmp_path / "a.json")
    model = ("--model", "digits-cnn", "--device", "cpu")
    ended = command("evaluate", *model, "--attack", "fgsm", "--eps", "0.1", *where, "--json")
    assert ended.status == 2
    assert "No space left" in ended.err
    assert ended.json["n"] == 5


def test_a_zip_file_gives_the_figures_of_its_folder(command, tmp_path):
    images, labels = digits.load("test")
    folder = tmp_path / "mine"
    for k in range(12):
        place = folder / str(int(labels[k])) / f"{k:02}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(imaging.png(to_pixels(images[k : k + 1])[0]))
    (folder / str(int(labels[0])) / "00a.png").write_bytes(b"no picture")
    packed = shutil.make_archive(str(tmp_path / "mine"), "zip", folder)
    options = ("--attack", "pgd", "--eps", "0.05", "0.1", "--limit", "10", "--json")
    found = [command("evaluate", *BASE, "--data", data, *options) for data in (folder, packed)]
    values = [ended.json for ended in found]
    for value, ended in zip(values, found, strict=True):
        assert value["n"] == 10
        assert len(value["left_out"]) == 1
        assert "00a.png" in value["left_out"][0]
        assert "Left out: " in ended.err
        for row in value["rows"]:
            row["seconds"] = 0
    assert values[0]["rows"] == values[1]["rows"]
    assert 0 < values[0]["rows"][1]["top1"] < 1
    assert values[0].keys() == KEYS | {"left_out"}


def test_a_detector_is_asked_about_clean_and_flipped_pictures(command):
    name = zoo.detectors("digits-cnn")[0]
    base = ("evaluate", *BASE, "--attack", "fgsm", "--eps", "0.15", "--data", "digits")
    ended = command(*base, "--limit", "30", "--detector", name, "--json")
    assert ended.json.keys() == KEYS | {"detector", "clean_flagged"}
    assert ended.json["rows"][0].keys() == ROW | {"flagged"}
    assert ended.json["detector"]["name"] == name
    people = command(*base, "--limit", "30", "--detector", name).out
    assert f"detector {name} flags" in people
    assert "detector of digits-cnn must be" in command(*base, "--detector", "foo").complaint
