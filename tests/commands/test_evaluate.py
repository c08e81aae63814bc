"""``evaluate``: every key of its JSON, its files and suites, its refusals."""

import json

import pytest
from PIL import Image

from robust_core import attacks, defenses, goals, zoo
from robust_core.data import digits
from robust_core.evaluation import accuracy, suites
from robust_core.evaluation.suites import Suite, SuitePart

BASE = ("--model", "digits-cnn", "--device", "cpu")
KEYS = {
    *("model", "attack", "data", "n", "clean_top1", "clean_top5", "rows", "parameters", "norm"),
    *("goal", "goal_parameters", "batch", "weights_sha256", "device", "versions"),
    *("defense", "adaptive"),
}
ROW = {
    *("eps", "top1", "top5", "top1_8bit", "success_rate", "correct", "flipped"),
    *(f"{kind}_{norm}" for kind in ("mean", "median") for norm in ("l0", "l2", "linf")),
    *("mean_queries", "mean_gradients", "seconds"),
}


@pytest.fixture
def small_suite(monkeypatch, tmp_path):
    """A suite of two attacks whose results go into a folder of the test."""
    parts = (SuitePart("fgsm", (0.1, 0.5)), SuitePart("pgd", (0.1,), {"steps": 2}, limit=30))
    monkeypatch.setitem(suites.SUITES, "small", Suite("digits-cnn", "digits", parts))
    monkeypatch.setattr("robust_core.paths.RESULTS", tmp_path / "results")
    return tmp_path / "results" / "small.json"


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


def test_suite_runs_all_parts_and_writes_its_result(command, small_suite):
    ended = command("evaluate", "--suite", "small", "--device", "cpu", "--json", "--seed", "1")
    assert ended.status == 0, ended.err
    assert json.loads(small_suite.read_text()) == ended.json
    assert [r["attack"] for r in ended.json["results"]] == ["fgsm", "pgd"]
    assert [len(r["rows"]) for r in ended.json["results"]] == [2, 1]
    assert ended.json["results"][1]["parameters"]["steps"] == 2
    assert ended.json["results"][1]["parameters"]["seed"] == 1
    assert ended.json["n"] == len(digits.load("test")[1])
    assert [r["n"] for r in ended.json["results"]] == [ended.json["n"], 30]


def test_a_suite_whose_result_could_not_be_kept_is_not_begun(command, small_suite, monkeypatch):
    (small_suite.parent.parent / "results").write_text("no folder")
    monkeypatch.setattr("robust_core.evaluation.accuracy.evaluate", None)
    complaint = command("evaluate", "--suite", "small").complaint
    assert "results cannot be written to" in complaint
    assert "--out" in complaint


def test_an_eps_given_to_an_attack_without_one_is_explained(command):
    base = (*BASE, "--attack", "deepfool", "--data", "digits", "--limit", "5")
    assert "only decides what counts" in command("evaluate", *base, "--eps", "0.1").out
    assert "only decides what counts" not in command("evaluate", *base).out


def test_part_of_a_suite_does_not_replace_its_result(command, small_suite):
    ended = command("evaluate", "--suite", "small", "--limit", "5")
    assert ended.status == 0
    assert not small_suite.exists()


def test_suites_are_listed_and_can_all_be_made(command):
    ended = command("evaluate", "--suite", "list", "--json")
    assert set(ended.json) == {*suites.SUITES, *suites.TABLES}
    assert {"cifar10", "digits"} <= set(suites.SUITES)
    for suite in suites.SUITES.values():
        assert suite.model in zoo.names()
        for part in suite.parts:
            radii = [{"eps": eps} for eps in part.eps] or [{}]
            assert [attacks.create(part.attack, **radius, **part.parameters) for radius in radii]


def test_a_suite_of_right_pictures_takes_the_first_that_the_model_gets_right(
    command, monkeypatch, tmp_path
):
    parts = (SuitePart("deepfool"), SuitePart("bim", (0.2,), goal=goals.RandomTarget(), limit=5))
    right = Suite("digits-cnn", "digits", parts, correct=40)
    monkeypatch.setitem(suites.SUITES, "right", right)
    file = tmp_path / "right.json"
    ended = command("evaluate", "--suite", "right", "--device", "cpu", "--out", str(file))
    assert ended.status == 0, ended.err
    result = json.loads(file.read_text())
    assert (result["n"], result["clean_top1"], result["correct_only"]) == (40, 1, True)
    nearest, towards = result["results"]
    (row,) = nearest["rows"]
    assert (row["eps"], row["correct"], row["flipped"]) == (None, 40, 40)
    assert 0 < row["median_l2"] < 2 * row["mean_l2"]
    assert (towards["goal"], towards["goal_parameters"]["target"]) == ("targeted", "random")
    assert "that it gets right" in ended.out


def test_suites_cover_the_dashboard_s_eps():
    for name in ("cifar10", "digits"):
        suite = suites.SUITES[name]
        for name in ("noise", "fgsm", "bim", "pgd"):
            radii = {eps for part in suite.parts if part.attack == name for eps in part.eps}
            assert {0.01, 0.1, 0.15, 0.5, 0.7, 8 / 255} <= radii


def test_pgd_at_the_field_s_radius_is_measured_on_the_whole_test_set():
    whole = [p for p in suites.get("cifar10").parts if p.limit is None and p.attack == "pgd"]
    assert any(8 / 255 in part.eps for part in whole)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ["--model", "--attack", "--data", "--suite"]),
        ((*BASE, "--attack", "fgsm", "--data", "digits"), ["fgsm needs --eps"]),
        ((*BASE, "--attack", "fgsm", "--eps", "0.1"), ["--data"]),
        ((*BASE, "--attack", "fgsm", "--eps", "0.1", "--data", "mnist"), ["mnist", "cifar10"]),
        ((*BASE, "--attack", "fgsm", "--eps", "0.1", "--data", "cifar10"), ["32x32", "8x8"]),
        (
            (*BASE, "--attack", "fgsm", "--eps", "0.1", "--steps", "3", "--data", "digits"),
            ["no steps"],
        ),
        (
            (*BASE, "--attack", "fgsm", "--eps", "0.1", "--data", "digits", "--limit", "0"),
            ["--limit"],
        ),
        (
            (*BASE, "--attack", "fgsm", "--eps", "0.1", "--data", "digits", "--batch", "x"),
            ["--batch"],
        ),
        (
            (*BASE, "--attack", "fgsm", "--eps", "0.1", "--data", "digits", "--out", "a.csv"),
            [".json"],
        ),
        (
            (*BASE, "--attack", "fgsm", "--eps", "0.1", "--data", "digits", "--goal", "targeted"),
            ["--target"],
        ),
        (
            (*BASE, "--attack", "fgsm", "--eps", "0.1", "--data", "digits", "--source", "3"),
            ["untargeted has no --source"],
        ),
        (
            (
                *(*BASE, "--attack", "fgsm", "--eps", "0.1", "--data", "digits"),
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
    """Who does not know of a filter attacks the undefended model."""

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
        (("--adaptive",), "--adaptive needs a --defense to know of"),
        (("--defense", "jpg"), "defense must be one of jpeg, bit-depth"),
        (("--defense", "jpeg:"), "--defense must have settings behind its colon"),
        (("--defense", "jpeg:75"), "--defense must be a name, or one as jpeg:quality=50"),
        (("--defense", "jpeg:level=3"), "jpeg has no level; it takes quality, subsampling"),
        (("--defense", "jpeg:=5"), "--defense must be a name, or one as jpeg:quality=50"),
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


def test_a_suite_has_its_own_defences(command):
    complaint = command("evaluate", "--suite", "digits", "--defense", "jpeg").complaint
    assert "leave out --defense" in complaint
    for suite in ("digits", "defenses-digits"):
        complaint = command("evaluate", "--suite", suite, "--adaptive").complaint
        assert "leave out --adaptive" in complaint
