"""Curves of the robustness report: every point is the table's, with its interval."""

from pathlib import Path

import pytest

from robust_core.dashboard.robustness_report import curves, tabs
from robust_core.evaluation.defense_table import results
from robust_core.evaluation.defense_table.plan import PLANS
from robust_core.evaluation.defense_table.rows import CERTIFIED, CURVES
from robust_core.paths import RESULTS
from tests import fake_defenses
from tests.dashboard.robustness_report.conftest import lines

THREATS = ("unaware", "adaptive")


def test_curves_have_a_line_for_each_subject_and_attacker(report):
    figure = curves.accuracy_curves(report, ["none", "pgd-at"], THREATS, 16 / 255)
    found = lines(figure)
    assert list(found) == ["Undefended", "PGD training, unaware", "PGD training, adaptive"]
    curve = found["PGD training, adaptive"]
    rows = [r for r in report.curve("pgd-at", "adaptive") if r.eps <= 16 / 255]
    assert list(curve.x) == [255 * row.eps for row in rows]
    assert list(curve.y) == [row.correct / row.n for row in rows]
    assert curve.line.dash == "solid"
    assert found["PGD training, unaware"].line.dash == "dot"
    for words in curve.customdata[1:]:
        for condition in ("100 pictures", "20 steps", "seed 0", "linf", "--part curves", "95 %"):
            assert condition in words


def test_a_wider_span_shows_the_dashboards_eps(report):
    figure = curves.accuracy_curves(report, ["pgd-at"], ["adaptive"], 0.7)
    assert max(lines(figure)["PGD training, adaptive"].x) == pytest.approx(0.7)


def test_bands_are_the_intervals_and_stay_away_from_many_lines(report):
    few = curves.accuracy_curves(report, ["pgd-at"], THREATS, 0.7)
    bands = [trace for trace in few.data if trace.fill == "toself"]
    row = report.curve("pgd-at", "adaptive")[0]
    assert len(bands) == 1
    assert (bands[0].y[0], bands[0].y[-1]) == row.accuracy.interval
    many = curves.accuracy_curves(report, list(fake_defenses.SUBJECTS), THREATS, 0.7)
    assert not [trace for trace in many.data if trace.fill]


def test_no_two_of_a_few_subjects_share_a_colour(report):
    subjects = list(fake_defenses.SUBJECTS)
    tints = [curves.colour(subject, subjects) for subject in subjects]
    assert len(set(tints)) == len(tints)


def test_curves_that_are_drawn_at_first_differ_in_colour():
    measured = [RESULTS / f"{suite}.json" for suite in PLANS]
    for file in filter(Path.is_file, measured):
        subjects = list(results.report(file).subjects(CURVES))
        tints = [curves.colour(one, subjects) for one in tabs.FIRST if one in subjects]
        assert len(tints) >= 3
        assert len(set(tints)) == len(tints)


def test_certified_curves_never_rise_and_stand_beside_the_published_ones(report):
    figure = curves.certified_curves(report.rows(CERTIFIED), report.data)
    found = lines(figure)
    ours = found["Smoothing"]
    assert list(ours.y) == sorted(ours.y, reverse=True)
    assert ours.y[0] == 0.75
    assert "10,000 draws of sigma 0.25" in ours.customdata[0]
    (published,) = (trace for name, trace in found.items() if "published" in name)
    assert "CIFAR-10, 500 pictures, n 100,000" in published.hovertemplate
    on_others = curves.certified_curves(report.rows(CERTIFIED), "digits")
    assert not any("published" in name for name in lines(on_others))
