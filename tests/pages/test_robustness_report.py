"""The page Robustness report without a browser: what it says with a table, without one, and by a link."""

import json
import shutil

import pytest
from streamlit.testing.v1 import AppTest

from robust_core.dashboard.robustness_report import deck_002, tabs
from robust_core.evaluation.deck_002 import results as deck_002_results
from robust_core.evaluation.defense_table import results
from robust_core.evaluation.flags import QUESTIONS
from robust_core.paths import RESULTS
from tests import fake_deck_002, fake_defenses, visiting
from tests.visiting import ran, text


@pytest.fixture
def table_folder(tmp_path, monkeypatch):
    """A folder for the tables, empty at first."""
    monkeypatch.setattr(tabs, "RESULTS", tmp_path)
    return tmp_path


def visit(**query: str) -> AppTest:
    return ran(visiting.visit("pages/robustness_report.py", **query))


def test_without_a_table_it_says_how_to_make_one(table_folder):
    assert results.COMMAND in text(visit())


def test_a_damaged_table_is_a_sentence(table_folder):
    (table_folder / "defenses.json").write_text("{}")
    assert "defenses.json is damaged" in text(visit())


def test_the_headline_counts_what_stands_against_those_who_know(table_folder):
    fake_defenses.write(table_folder / "defenses.json")
    said = text(visit())
    assert "3 of 5 defences still gain 10 points or more" in said
    assert "77.0 % clean (100 pictures), 40.0 % under attack (100 pictures, auto" in said
    assert "on the cifar10 test set" in said
    assert "--suite defenses --json" in said


def test_rows_of_other_weights_are_named_and_left_out(table_folder):
    fake_defenses.write(table_folder / "defenses.json", outdated=("pgd-at",))
    said = text(visit())
    assert "Left out, as measured on other weights than the bundled ones: PGD training" in said
    assert "2 of 4 defences still gain" in said


def test_choices_come_from_the_link_and_nonsense_falls_back(table_folder):
    fake_defenses.write(table_folder / "defenses.json")
    page = visit(report_curves_span="all", report_defenses_curves_subjects="none,smoothing")
    pills = {group.label: group.value for group in page.button_group}
    assert pills["Defences"] == ["none", "smoothing"]
    assert pills["eps up to"] in ("all", ["all"])
    page = visit(report_defenses_curves_subjects="<script>", report="nothing")
    pills = {group.label: group.value for group in page.button_group}
    assert pills["Defences"] == ["none", "pgd-at", "distilled temperature=100"]


def test_a_choice_outlives_a_look_at_another_model(table_folder):
    fake_defenses.write(table_folder / "defenses.json")
    shutil.copy(RESULTS / "defenses-digits.json", table_folder)
    page = visit()

    def group(label: str):
        return next(one for one in page.button_group if one.label == label)

    group("Defences").set_value(["distilled temperature=100"]).run()
    group("Model").set_value("defenses-digits").run()
    assert "Choose at least one" not in text(page)
    assert len(group("Defences").value) > 1
    group("Model").set_value("defenses").run()
    assert group("Defences").value == ["distilled temperature=100"]


def test_the_small_span_holds_the_eps_of_the_table(table_folder):
    fake_defenses.write(table_folder / "defenses.json")
    choices = {group.label: group.options for group in visit().button_group}
    assert choices["eps up to"] == ["16/255", "0.7"]
    (table_folder / "defenses.json").unlink()
    shutil.copy(RESULTS / "defenses-digits.json", table_folder)
    choices = {group.label: group.options for group in visit().button_group}
    assert choices["eps up to"] == ["0.15", "0.7"]


def test_deck_002_is_a_report_of_its_own(table_folder, monkeypatch):
    monkeypatch.setattr(deck_002_results, "RESULTS", table_folder)
    page = visit(report="deck-002")
    assert "has not been measured yet" in text(page)
    assert page.table[0].value["top-5"].tolist()[3] == "72.6", "the deck's own figures"
    fake_deck_002.write(table_folder)
    page = visit(report="deck-002")
    assert "PGD is weaker than FGSM only where its steps are too short" in text(page)
    assert [tab.label for tab in page.tabs] == list(deck_002.TABS)
    (small, large) = (table.value for table in page.table)
    assert small["deck"].tolist() == [
        "100 / 100",
        "2.6 / 19.3",
        "2.6 / 26",
        "30 / 72.6",
        "",
    ]
    assert large["ours, eps/10"].tolist()[3] == "9.3 / 29.3"
    assert "150 pictures of digits" in text(page)
    for draw in deck_002.TABS:
        page.session_state["deck002_tabs"] = draw
        ran(page.run())


def test_nothing_chosen_is_said(table_folder):
    fake_defenses.write(table_folder / "defenses.json")
    page = visit()
    next(g for g in page.button_group if g.label == "Defences").set_value([]).run()
    assert not page.exception
    assert "Choose at least one defence" in text(page)


@pytest.mark.parametrize("page", ["attack", "robustness_report"])
def test_pages_work_wherever_the_server_was_started(page, monkeypatch, tmp_path):
    (tmp_path / "robust_core.py").write_text("raise ImportError('the wrong one')")
    monkeypatch.chdir(tmp_path)
    ran(visiting.visit(page))


def test_flags_are_named_below_every_tab_and_explained_beside_the_checklist(table_folder):
    fake_defenses.write(table_folder / "defenses.json")
    page = visit()
    said = text(page)
    assert "**no gradient** (JPEG" in said
    assert "**random** (Smoothing, PixelDP)" in said
    assert "robust accuracy may be too high" in said
    page.session_state["report_tabs"] = "Masking checklist"
    said = text(ran(page.run()))
    for question in QUESTIONS.values():
        assert f"**{question}**" in said


def test_a_table_without_flags_is_shown_as_before(table_folder):
    path = fake_defenses.write(table_folder / "defenses.json")
    table = json.loads(path.read_text())
    del table["parts"]["flags"]
    path.write_text(json.dumps(table))
    page = visit()
    page.session_state["report_tabs"] = "Masking checklist"
    said = text(ran(page.run()))
    assert "Flags" not in said
    assert "Made up." in said
