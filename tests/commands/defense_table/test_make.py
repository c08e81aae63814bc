"""``evaluate --suite defenses``: its file and tables, what it keeps, its refusals."""

import errno
import json
import os

import pytest

from robust_core import files
from robust_core.commands.defense_table.make import write
from robust_core.commands.defense_table.text import tables_text
from robust_core.evaluation import suites
from robust_core.evaluation.defense_table import results
from robust_core.evaluation.defense_table.parts import MAKERS
from robust_core.evaluation.defense_table.plan import (
    PLANS,
    Attempt,
    DefensePart,
    DefensePlan,
    Subject,
)
from robust_core.evaluation.masking import Budget
from tests import fake_defenses

NONE, JPEG = Subject("none"), Subject("jpeg", {"quality": 20})
NOISY, TRAINED = Subject("smoothing", {"n": 10}), Subject("lambda-at")
SUITE = ("evaluate", "--suite", "small", "--device", "cpu")
TRIED = (
    Attempt("unaware", "pgd", {"steps": 2}, (0.1, 0.3)),
    Attempt("adaptive", "pgd", {"steps": 2}, (0.1, 0.3)),
)
BUDGET = {"eps": 0.2, "seed": 0, "budget": Budget(steps=2, queries=3, draws=2)}


def plan(tried=TRIED) -> DefensePlan:
    subjects = (NONE, JPEG, TRAINED)
    parts = {
        "accuracy": DefensePart(subjects, 20, 5, tried),
        "curves": DefensePart((NONE, JPEG), 15, 5, tried),
        "certified": DefensePart((NOISY,), 4, 4, options=lambda one: {"n": 20}),
        "masking": DefensePart((NONE, JPEG), 15, 5, options=lambda one: BUDGET),
        "cost": DefensePart((NONE,), 4, 4),
    }
    return DefensePlan("digits-cnn", "digits", parts)


@pytest.fixture
def suite(monkeypatch, tmp_path):
    """A small table of digits in the place of the real one; the file that it goes into."""
    monkeypatch.setitem(PLANS, "small", plan())
    monkeypatch.setattr("robust_core.paths.RESULTS", tmp_path)
    return tmp_path / "small.json"


@pytest.fixture
def made(monkeypatch) -> list[tuple[str, str]]:
    """What is computed, by part and subject."""
    seen = []
    for name, maker in MAKERS.items():

        def counting(bench, part, subject, maker=maker):
            seen.append((part, subject.key))
            return maker(bench, part, subject)

        monkeypatch.setitem(MAKERS, name, counting)
    return seen


def test_the_file_is_the_table_and_the_reader_takes_it(command, suite):
    ended = command(*SUITE, "--json")
    assert ended.status == 0, ended.err
    assert json.loads(suite.read_text()) == ended.json
    assert set(ended.json) == {"suite", "command", "model", "data", "limit", "versions", "parts"}
    report = results.report(suite)
    assert (report.lacking, report.outdated) == ("", ())
    assert (report.model, report.data) == ("digits-cnn", "digits")
    assert list(report.parts) == ["accuracy", "curves", "certified", "masking", "cost"]
    assert list(report.subjects("accuracy")) == ["none", "jpeg quality=20"]
    assert len(report.curve("jpeg quality=20", "adaptive")) == 3
    assert report.accuracy("none").n == 20
    assert len(report.masking("none").findings) == 6
    assert report.certified("smoothing n=10").draws == 20


def test_a_defence_that_is_not_trained_is_named_and_left_out(command, suite):
    ended = command(*SUITE, "--part", "accuracy")
    assert "lambda-at is left out: lambda-at needs a trained network" in ended.err
    assert ended.err.count("is left out") == 1


def test_what_is_there_is_kept(command, suite, made):
    command(*SUITE, "--part", "accuracy")
    assert made == [("accuracy", "none"), ("accuracy", "jpeg quality=20")]
    first = json.loads(suite.read_text())["parts"]["accuracy"]
    made.clear()
    ended = command(*SUITE, "--json")
    assert ended.json["parts"]["accuracy"] == first
    assert not [one for one in made if one[0] == "accuracy"]
    assert ("curves", "none") in made
    made.clear()
    command(*SUITE)
    assert made == []
    command(*SUITE, "--part", "cost", "--overwrite")
    assert made == [("cost", "none")]


def test_the_former_name_of_overwrite_still_works_and_is_not_shown(command, suite, made):
    command(*SUITE, "--part", "cost")
    command(*SUITE, "--part", "cost", "--anew")
    assert made == [("cost", "none")] * 2
    shown = command("evaluate", "--help").out
    assert "--overwrite" in shown
    assert "--anew" not in shown


def test_other_conditions_make_the_rows_anew(command, suite, made, monkeypatch):
    command(*SUITE, "--part", "accuracy", "cost")
    made.clear()
    other = (Attempt("unaware", "pgd", {"steps": 3}, (0.1,)),)
    monkeypatch.setitem(PLANS, "small", plan(other))
    ended = command(*SUITE, "--part", "accuracy", "cost", "--json")
    assert made == [("accuracy", "none"), ("accuracy", "jpeg quality=20")]
    rows = ended.json["parts"]["accuracy"]["rows"]
    assert [row["attack_parameters"].get("steps") for row in rows] == [None, 3] * 2


def test_only_what_chance_judges_depends_on_the_number_of_draws(command, suite, made, monkeypatch):
    """So a table made before there were fresh draws keeps the rows of all that is not random."""
    resized = Subject("random-resize-pad", {"draws": 2})
    parts = {
        "accuracy": DefensePart((NONE, JPEG, resized), 4, 4, TRIED[:1]),
        "cost": DefensePart((resized,), 2, 2),
    }
    monkeypatch.setitem(PLANS, "small", DefensePlan("digits-cnn", "digits", parts))
    command(*SUITE)
    made.clear()
    monkeypatch.setattr("robust_core.evaluation.draws.DRAWS", 3)
    rows = command(*SUITE, "--json").json["parts"]["accuracy"]["rows"]
    assert made == [("accuracy", resized.key)]
    assert {len(row["draws"]) for row in rows if row["subject"] == resized.key} == {3}


def test_rows_with_another_stamp_are_made_anew(command, suite, made):
    command(*SUITE, "--part", "cost")
    made.clear()
    text = suite.read_text()
    stamp = json.loads(text)["parts"]["cost"]["stamps"]["none"]
    suite.write_text(text.replace(stamp, "0"))
    command(*SUITE, "--part", "cost")
    assert made == [("cost", "none")]


def test_what_was_made_before_it_was_stopped_is_kept(command, suite, monkeypatch):
    def stop(bench, part, subject):
        raise KeyboardInterrupt

    monkeypatch.setitem(MAKERS, "curves", stop)
    ended = command(*SUITE)
    assert ended.status == 130
    assert ended.err.strip().endswith("To go on: python -m robust_core evaluate --suite small")
    assert list(json.loads(suite.read_text())["parts"]) == ["accuracy"]
    assert "Nothing is kept" in command(*SUITE, "--limit", "2").err
    asked = ("--part", "curves", "--limit", "2", "--out", str(suite.parent / "two.json"))
    assert command(*SUITE, *asked).err.strip().endswith(" ".join(asked))


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_what_was_made_before_the_disk_was_full_is_printed(command, suite, monkeypatch, form):
    write_text = files.write_text

    def full(path, text):
        if "curves" in text:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        write_text(path, text)

    monkeypatch.setattr(files, "write_text", full)
    ended = command(*SUITE, *form)
    assert ended.status == 2
    assert "No space left" in ended.err
    assert list(json.loads(suite.read_text())["parts"]) == ["accuracy"]
    if form:
        assert list(ended.json["parts"]) == ["accuracy", "curves"]
    else:
        assert "curves:" in ended.out
        assert "Written" not in ended.out


def test_a_second_evaluation_into_the_file_says_so(command, suite, made):
    with files.locked(suite.with_name(f"{suite.name}.lock")):
        assert f"Another evaluation writes {suite}" in command(*SUITE).complaint
    assert not made


def test_fewer_pictures_do_not_replace_the_result(command, suite, tmp_path):
    ended = command(*SUITE, "--limit", "3", "--part", "accuracy", "--json")
    assert {row["n"] for row in ended.json["parts"]["accuracy"]["rows"]} == {3}
    assert "--limit 3" in ended.json["parts"]["accuracy"]["rows"][0]["command"]
    assert not suite.exists()
    apart = tmp_path / "apart.json"
    command(*SUITE, "--limit", "3", "--part", "cost", "--out", apart)
    assert json.loads(apart.read_text())["limit"] == 3
    complaint = command(*SUITE, "--part", "cost", "--out", apart).complaint
    assert "limit" in complaint


def test_each_row_is_a_line_of_the_file(command, suite):
    command(*SUITE, "--part", "accuracy")
    lines = suite.read_text().splitlines()
    rows = [line for line in lines if '"subject"' in line]
    assert len(rows) == len(json.loads(suite.read_text())["parts"]["accuracy"]["rows"])


def test_people_get_a_table_of_each_part(command, suite):
    out = command(*SUITE).out
    for words in ("accuracy: right at one radius;", "curves:", "certified:", "masking:", "cost:"):
        assert words in out
    assert "JPEG compression, quality 20" in out
    assert "adaptive pgd" in out
    assert "SIGN" in out
    assert "{" not in out


def test_every_kind_of_part_has_a_text():
    value = fake_defenses.table()
    out = tables_text(value, list(value["parts"]))
    for part in value["parts"]:
        assert f"{part}: " in out
    line = next(line for line in out.splitlines() if line.startswith("PGD training"))
    figures = line.removeprefix("PGD training").replace("%", "").split()
    assert [float(one) for one in figures] == [100, 77, 61, 45, 70, 45]


def test_a_row_of_any_text_comes_back(tmp_path):
    value = fake_defenses.table()
    value["parts"]["accuracy"]["rows"][0]["title"] = '"rows": "@curves", 100 % \\ ä'
    write(tmp_path / "a.json", value)
    assert json.loads((tmp_path / "a.json").read_text()) == value


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"parts": {"accuracy": {"rows": []}}}'])
def test_a_damaged_file_is_not_written_over(command, suite, content):
    suite.write_text(content)
    assert "is damaged: delete it" in command(*SUITE, "--part", "cost").complaint
    assert suite.read_text() == content


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (
            ("--part", "nothing"),
            "--part must be some of accuracy, curves, certified, masking, cost",
        ),
        (("--model", "digits-cnn"), "leave out --model"),
        (("--eps", "0.1"), "leave out --eps"),
        (("--steps", "3"), "leave out --steps"),
        (("--seed", "3"), "leave out --seed"),
        (("--batch", "3"), "leave out --batch"),
        (("--out", "a.txt"), ".json"),
    ],
)
def test_bad_options_are_named(command, suite, options, named):
    assert named in command(*SUITE, *options).complaint


@pytest.mark.parametrize("option", [("--part", "cost"), ("--overwrite",)])
def test_other_suites_have_no_parts(command, option):
    complaint = command("evaluate", "--suite", "digits", *option).complaint
    assert (
        "defenses-digits, defenses-imagenette, universal, physical, natural, transfer, verification only"
        in complaint
    )


def test_it_is_listed_among_the_suites(command):
    assert tuple(PLANS) == suites.TABLES
    ended = command("evaluate", "--suite", "list", "--json")
    assert ended.json["defenses"]["model"] == "cifar10-resnet32"
    assert "masking" in ended.json["defenses"]["parts"]
    assert "defenses: cifar10-resnet32" in command("evaluate", "--suite", "list").out
