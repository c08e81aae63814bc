"""The reader of the table of the defences: what it gives, what it leaves out, what it says instead."""

import json
from dataclasses import replace

import pytest

from robust_core.evaluation.defense_table import results
from robust_core.evaluation.defense_table.rows import JUDGED, KINDS, Share
from tests import fake_defenses


@pytest.fixture
def path(tmp_path):
    return tmp_path / "defenses.json"


def test_wilson_interval_is_that_of_the_formula():
    """Wilson (1927): centre (p + z^2/2n) / (1 + z^2/n), half width z sqrt(...) / (1 + z^2/n)."""
    count, n, z = 45, 100, 1.959964
    p = count / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5 / (1 + z**2 / n)
    assert Share(count, n).interval == pytest.approx((centre - half, centre + half), abs=1e-6)
    assert Share(count, n).value == 0.45
    assert Share(0, 50).interval[0] == 0
    assert 0.05 < Share(0, 50).interval[1] < 0.1  # none of 50 is not "none at all"


def test_every_part_has_rows_of_its_kind(path):
    report = results.report(fake_defenses.write(path))
    assert report.lacking == ""
    assert report.outdated == ()
    assert (report.model, report.data) == ("cifar10-resnet32", "cifar10")
    assert set(report.parts) == set(KINDS)
    for part, kind in KINDS.items():
        assert report.rows(part)
        assert all(type(row) is kind and row.part == part for row in report.rows(part))


def test_curves_start_clean_and_follow_eps(path):
    report = results.report(fake_defenses.write(path))
    curve = report.curve("jpeg quality=50", "adaptive")
    radii = [row.eps for row in curve]
    assert radii == sorted(radii)
    assert radii[0] == 0
    assert {0.01, 0.1, 0.15, 0.5, 0.7, 8 / 255} < set(radii)
    assert {row.threat for row in curve} == {"clean", "adaptive"}
    assert {row.subject for row in curve} == {"jpeg quality=50"}


def test_cells_are_found_by_threat_and_attack(path):
    report = results.report(fake_defenses.write(path))
    assert report.accuracy("pgd-at").correct == 77
    assert report.accuracy("pgd-at", "adaptive", "pgd").correct == 45
    assert report.accuracy("pgd-at", "adaptive", "auto").part == "auto"
    assert report.accuracy("pgd-at", "adaptive", "square") is None
    assert report.accuracy("nobody") is None
    assert report.subjects("certified") == {"smoothing": "Smoothing", "pixeldp": "PixelDP"}
    assert report.certified("jpeg quality=50") is None
    assert report.cost("none").milliseconds > 0
    assert all(finding.suspicious for finding in report.masking("jpeg quality=50").findings)


def test_certified_accuracy_does_not_rise_with_the_radius(path):
    certified = results.report(fake_defenses.write(path)).certified("smoothing")
    shares = [certified.at(radius / 20).count for radius in range(21)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == len(certified.radii) == certified.n - certified.abstained
    assert shares[-1] == 0
    assert certified.at(certified.radii[0]).count == len(certified.radii)  # "or further"


def test_rows_of_other_weights_are_left_out_and_named(path):
    report = results.report(fake_defenses.write(path, outdated=("pgd-at",)))
    assert report.outdated == ("PGD training",)
    assert all("pgd-at" not in report.subjects(part) for part in KINDS)
    assert "none" in report.subjects("accuracy")


def test_a_row_of_which_any_weights_are_not_bundled_is_left_out(path):
    value = fake_defenses.table()
    value["parts"]["accuracy"]["rows"][0]["weights"]["a-model-without-weights"] = "1"
    path.write_text(json.dumps(value))
    assert results.report(path).accuracy("none") is None
    assert results.report(path).accuracy("none", "naive", "pgd") is not None


def test_nothing_bundled_says_how_to_make_it(path):
    report = results.report(fake_defenses.write(path, sha="0"))
    assert results.COMMAND in report.lacking
    assert len(report.outdated) == len(fake_defenses.SUBJECTS)


def test_a_new_file_is_read_anew(path):
    assert results.report(fake_defenses.write(path, n=100)).accuracy("none").n == 100
    assert results.report(fake_defenses.write(path, n=50)).accuracy("none").n == 50


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"parts": []}',
        '{"model": 1, "data": 2, "parts": {"accuracy": {"rows": [{}]}}}',
        '{"model": 1, "data": 2, "parts": {"unheard": {"rows": [{}]}}}',
    ],
)
def test_a_damaged_file_gets_a_sentence(path, content):
    path.write_text(content)
    report = results.report(path)
    assert "damaged" in report.lacking
    assert results.COMMAND in report.lacking
    assert report.rows("accuracy") == report.curve("none", "adaptive") == ()


def test_no_file_gets_a_sentence(path):
    assert results.COMMAND in results.report(path).lacking


def test_conditions_name_pictures_attack_and_command(path):
    report = results.report(fake_defenses.write(path))
    line = report.accuracy("none", "adaptive", "pgd").conditions
    for word in ("100 pictures", "pgd", "adaptive", "linf 0.03137", "20 steps", "seed 0", "--part"):
        assert word in line
    assert "of the defence's draws" not in line
    drawn = replace(report.accuracy("none", "adaptive", "pgd"), parameters={"seed": 7})
    assert drawn.circumstances.endswith("seed 0, seed 7 of the defence's draws")
    assert "10,000 draws" in report.certified("smoothing").conditions
    masking = report.masking("none")
    assert "500 queries" in masking.conditions
    assert replace(masking, parameters={"seed": 7}).circumstances.endswith(
        "seed 0, seed 7 of the defence's draws"
    )


def test_what_the_unaware_run_on_another_model_is_named(path):
    value = fake_defenses.table()
    for row in value["parts"]["accuracy"]["rows"]:
        if row["threat"] == "unaware" and row["subject"].startswith("distilled"):
            row["made_on"] = "another"
            row["attack_parameters"]["loss"] = "softmax-ce"
    path.write_text(json.dumps(value))
    told = "pgd (softmax-ce) on the defended network itself for T = 100"
    assert results.report(path).elsewhere() == told
    assert results.report(path).elsewhere(subjects=["pgd-at"]) == ""
    assert results.report(fake_defenses.write(path)).elsewhere() == ""


def test_where_votes_are_counted_an_answer_does_not_abstain(path):
    value = fake_defenses.table()
    assert results.report(fake_defenses.write(path)).of_votes() == ""
    for row in value["parts"]["accuracy"]["rows"]:
        row["parameters"] |= {"n": 40} if row["subject"] == "smoothing" else {}
    path.write_text(json.dumps(value))
    assert results.report(path).of_votes().startswith("Smoothing: the class with most of 40 votes")


def test_the_committed_table_is_of_the_bundled_weights():
    """Once there is one: rows of replaced weights have to be made anew."""
    report = results.report()
    if not results.FILE.is_file():
        assert "not measured" in report.lacking
        return
    assert report.lacking == ""
    assert report.outdated == ()


def test_a_table_from_before_there_were_draws_and_flags_is_read(path):
    fake_defenses.write(path)
    new = results.report(path)
    table = json.loads(path.read_text())
    table["parts"].pop("flags")
    for part in JUDGED:
        for row in table["parts"][part]["rows"]:
            del row["draws"]
    path.write_text(json.dumps(table))
    old = results.report(path)
    assert not old.lacking
    assert old.rows("flags") == ()
    assert old.flags("none") is None
    for part in set(KINDS) - {"flags"}:
        assert old.rows(part) == new.rows(part)


def test_flags_are_found_by_subject(path):
    report = results.report(fake_defenses.write(path))
    assert report.flags("none").raised == ()
    assert [flag.name for flag in report.flags("smoothing").raised] == ["random", "no-gradient"]
