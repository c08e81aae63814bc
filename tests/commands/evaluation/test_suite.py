"""``evaluate --suite``: what is run, what is written, and what may not be given besides."""

import json

import pytest

from robust_core import attacks, goals, zoo
from robust_core.data import digits
from robust_core.evaluation import suites
from robust_core.evaluation.suites import Suite, SuitePart


@pytest.fixture
def small_suite(monkeypatch, tmp_path):
    """A suite of two attacks whose results go into a folder of the test."""
    parts = (SuitePart("fgsm", (0.1, 0.5)), SuitePart("pgd", (0.1,), {"steps": 2}, limit=30))
    monkeypatch.setitem(suites.SUITES, "small", Suite("digits-cnn", "digits", parts))
    monkeypatch.setattr("robust_core.paths.RESULTS", tmp_path / "results")
    return tmp_path / "results" / "small.json"


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


def test_notices_are_in_the_result_of_their_attack(command, small_suite, monkeypatch):
    parts = (SuitePart("fgsm", (0.1, 8), limit=3), SuitePart("fgsm", (0.1,), limit=3))
    monkeypatch.setitem(suites.SUITES, "small", Suite("digits-cnn", "digits", parts))
    ended = command("evaluate", "--suite", "small", "--device", "cpu", "--json")
    told = [result["notices"] for result in ended.json["results"]]
    assert told == [[attacks.create("fgsm", eps=8).notices[0]], []]


def test_a_suite_whose_result_could_not_be_kept_is_not_begun(command, small_suite, monkeypatch):
    (small_suite.parent.parent / "results").write_text("no folder")
    monkeypatch.setattr("robust_core.evaluation.accuracy.evaluate", None)
    complaint = command("evaluate", "--suite", "small").complaint
    assert "results cannot be written to" in complaint
    assert "--out" in complaint


def test_part_of_a_suite_does_not_replace_its_result(command, small_suite):
    ended = command("evaluate", "--suite", "small", "--limit", "5")
    assert ended.status == 0
    assert not small_suite.exists()


def test_suites_are_listed_and_can_all_be_made(command):
    ended = command("evaluate", "--suite", "list", "--json")
    others = (
        *(suites.DECK_002, suites.UNIVERSAL, suites.PHYSICAL),
        *(suites.TRANSFER, suites.VERIFICATION, suites.NATURAL),
    )
    assert set(ended.json) == {*suites.SUITES, *suites.TABLES, *others}
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


def test_a_suite_has_its_own_defences(command):
    complaint = command("evaluate", "--suite", "digits", "--defense", "jpeg").complaint
    assert "leave out --defense" in complaint
    for suite in ("digits", "defenses-digits"):
        complaint = command("evaluate", "--suite", suite, "--adaptive").complaint
        assert "leave out --adaptive" in complaint
