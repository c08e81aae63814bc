"""Figures of the robustness report: every number is the table's, and its conditions are in the hover."""

from robust_core.dashboard.robustness_report import charts
from robust_core.evaluation.defense_table.rows import DISTILLATION, MASKING
from tests.dashboard.robustness_report.conftest import lines


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
