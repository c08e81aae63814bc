"""Figures of the robustness report: every number is the table's, and its conditions are in the hover."""

from robust_core import defenses
from robust_core.dashboard.robustness_report import charts
from robust_core.evaluation.defense_table.rows import CERTIFIED, DISTILLATION, MASKING
from tests import fake_defenses
from tests.dashboard.robustness_report.conftest import lines


def test_trade_off_has_every_defence_once_and_says_what_is_published(report):
    figure = charts.trade_off_chart(report)
    named = [text for trace in figure.data for text in (trace.text or ())]
    assert len(named) == len(fake_defenses.SUBJECTS)
    points = {
        t: (x, y)
        for trace in figure.data
        for t, x, y in zip(trace.text or (), trace.x, trace.y, strict=False)
    }
    assert points["PGD training"] == (0.77, 0.45)
    published = lines(figure)["published"]
    assert all("published" in words for words in published.customdata)
    assert {trace.name for trace in figure.data if trace.name} == {
        "undefended",
        *(kind for kind in defenses.KINDS),
        "certified at 0.25 in L2",
        "published",
    }
    promised = lines(figure)["certified at 0.25 in L2"]
    rows = report.rows(CERTIFIED)
    assert list(promised.y) == [row.at(0.25).value for row in rows]
    assert all("alpha" in words for words in promised.customdata)


def test_the_checklist_has_words_beside_its_colours(report):
    rows = report.rows(MASKING)
    (heat,) = charts.checklist_chart(rows).data
    assert len(heat.x) == 6
    assert list(heat.y) == [row.title for row in rows]
    assert {word for line in heat.text for word in line} == {"sign", "no"}
    for line, row in zip(heat.z, rows, strict=True):
        assert list(line) == [float(f.suspicious) for f in row.findings]


def test_distillation_bars(report):
    figure = charts.distillation_bars(report.rows(DISTILLATION))
    assert list(lines(figure)["CW-L2 on the logits"].x) == ["Undefended", "T = 100"]
