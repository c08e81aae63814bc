"""``evaluate --suite universal``: rows made once each, kept when stopped, and what is refused."""

import json

import pytest

from robust_core import zoo
from robust_core.attacks.universal.patches import PatchUniversal
from robust_core.commands.evaluation import universal
from robust_core.evaluation.universal import suite
from robust_core.evaluation.universal.recipes import UniversalRecipe, fit, training_pictures
from robust_core.evaluation.universal.suite import Question

MODEL, DATA = "digits-cnn", "digits"


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Two rows about digits, one of a patch; results and fits go into a folder of the test."""
    asked = [
        Question("fooling", MODEL, DATA, attack, 0.3, n_fit=30, tested=40)
        for attack in ("noise", "uap-sgd")
    ]
    patch = Question(
        "patches", MODEL, DATA, "patch", None, n_fit=20, tested=40, target=3, what="fitted"
    )
    parts = {"fooling": lambda: iter(asked), "patches": lambda: iter([patch])}
    monkeypatch.setattr(suite, "PARTS", parts)
    monkeypatch.setattr(suite.placing, "AREAS", (0.1, 0.4))
    monkeypatch.setattr("robust_core.paths.RESULTS", tmp_path / "results")
    monkeypatch.setattr(universal, "FITS", tmp_path / "fits")
    (tmp_path / "results").mkdir()
    return tmp_path / "results" / "universal.json"


@pytest.fixture
def patch(monkeypatch) -> PatchUniversal:
    """A patch for digits in place of a bundled one."""
    recipe = UniversalRecipe(MODEL, DATA, "patch", {"steps": 4, "scale": 0.3}, 20, 3)
    model = zoo.load(MODEL, "cpu")
    found = fit(recipe, model, *training_pictures(DATA, model, 20))
    monkeypatch.setattr(zoo, "load_universal", lambda name: found)
    return found


def run(command, *options):
    return command("evaluate", "--suite", "universal", "--device", "cpu", *options)


def test_it_makes_every_row_and_writes_them(command, small, patch):
    ended = run(command, "--json")
    assert ended.status == 0, ended.err
    assert json.loads(small.read_text()) == ended.json
    rows = ended.json["parts"]["fooling"]["rows"]
    assert [row["attack"] for row in rows] == ["noise", "uap-sgd"]
    assert all((row["n"], row["n_fit"], row["eps"]) == (40, 30, 0.3) for row in rows)
    assert rows[1]["curve"]
    assert rows[1]["rate"] >= rows[0]["rate"]
    (row,) = ended.json["parts"]["patches"]["rows"]
    assert row["n"] >= 100
    assert [one["area"] for one in row["curve"]] == [0.1, 0.4]
    assert len(row["heat"]) == 7
    assert row["target"] == 3


def test_rows_that_are_there_are_not_made_again(command, small, monkeypatch):
    first = run(command, "--part", "fooling", "--json").json
    monkeypatch.setattr(suite.Bench, "answer", None)
    again = run(command, "--part", "fooling", "--json").json
    assert again["parts"] == first["parts"]
    text = run(command, "--part", "fooling").out
    assert "uap-sgd" in text
    assert "76.5/255" in text


def test_a_stopped_suite_keeps_its_rows_and_its_fits(command, small, monkeypatch, tmp_path):
    made = suite.Bench.answer

    def stop(bench, question):
        if question.attack == "uap-sgd":
            bench._universal(question)
            raise KeyboardInterrupt
        return made(bench, question)

    monkeypatch.setattr(suite.Bench, "answer", stop)
    ended = run(command, "--part", "fooling")
    assert ended.status != 0
    assert "To go on: python -m robust_core evaluate --suite universal --part fooling" in ended.err
    rows = json.loads(small.read_text())["parts"]["fooling"]["rows"]
    assert [row["attack"] for row in rows] == ["noise"]
    assert len(list((tmp_path / "fits").iterdir())) == 1
    monkeypatch.setattr(suite.Bench, "answer", made)
    monkeypatch.setattr(suite, "fit", None)  # it is read, not made again
    assert len(run(command, "--part", "fooling", "--json").json["parts"]["fooling"]["rows"]) == 2


@pytest.mark.parametrize(
    ("part", "changed"), [("fooling", MODEL), ("patches", MODEL), ("patches", f"{MODEL}-patch")]
)
def test_rows_of_other_weights_are_made_again(command, small, patch, part, changed):
    run(command, "--part", part)
    value = json.loads(small.read_text())
    row = value["parts"][part]["rows"][0]
    assert changed in row["weights"]
    row["weights"][changed] = "0" * 64
    row["rate"] = -1
    small.write_text(json.dumps(value))
    rows = run(command, "--part", part, "--json").json["parts"][part]["rows"]
    assert len(rows) == len(value["parts"][part]["rows"])
    assert all(row["rate"] >= 0 for row in rows)


def test_fewer_pictures_do_not_replace_the_result(command, small):
    ended = run(command, "--part", "fooling", "--limit", "10", "--json")
    assert ended.json["parts"]["fooling"]["rows"][0]["n"] == 10
    assert not small.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is damaged"),
        ("[]", "is damaged"),
        ('{"parts": {}, "suite": "x", "limit": null}', "another"),
    ],
)
def test_a_file_of_another_kind_is_not_written_over(command, small, content, said):
    small.write_text(content)
    assert said in run(command).complaint
    assert small.read_text() == content


def test_what_the_suite_fixes_is_refused(command, small):
    assert "leave out --eps" in run(command, "--eps", "0.1").complaint
    assert "--part must be some of fooling, patches" in run(command, "--part", "zap").complaint


@pytest.mark.parametrize("name", ["uap", "patch"])
def test_one_picture_at_a_time_they_are_refused_with_the_way_out(command, name):
    single = ("evaluate", "--model", MODEL, "--data", DATA, "--attack", name)
    for words in (single, ("attack", "sample:digits-test-0", "--model", MODEL, "--attack", name)):
        complaint = command(*words).complaint
        assert f"{name} makes one change for many pictures" in complaint
        assert "evaluate --suite universal" in complaint


def test_the_plan_asks_what_was_promised():
    parts = {part: list(ask()) for part, ask in suite.PARTS.items()}
    main = parts["fooling"]
    assert {(q.attack, q.seed) for q in main} == {
        (attack, seed) for attack in ("noise", "uap", "uap-sgd") for seed in (0, 1, 2)
    }
    assert all(q.tested is None and q.n_fit == 1000 for q in main)
    assert {round(255 * q.eps) for q in parts["eps"]} == {2, 4, 6, 8, 10, 12}
    assert {q.n_fit for q in parts["sizes"]} == {50, 200, 500, 1000, 2000}
    cifar = {name for name in zoo.bundled() if zoo.describe(name).data == "cifar10"}
    assert {q.asked for q in parts["transfer"]} == cifar
    assert {(q.fitted_to, q.what) for q in parts["patches"]} == {
        (model, what)
        for model in ("imagenette-resnet", "cifar10-resnet32")
        for what in ("fitted", "noise", "object")
    }
    for part, questions in parts.items():
        assert len({str(q.identity) for q in questions}) == len(questions)
        assert all(q.part == part for q in questions)
