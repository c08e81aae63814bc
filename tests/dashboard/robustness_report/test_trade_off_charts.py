"""The trade-off, and what is promised: every number is the table's, its conditions in the hover."""

import pytest

from robust_core import defenses
from robust_core.dashboard.robustness_report.promised_charts import (
    LOOSE,
    TIGHT,
    certified_chart,
    proofs_on,
    proved_chart,
    size,
)
from robust_core.dashboard.robustness_report.trade_off_charts import trade_off_chart
from robust_core.evaluation.defense_table.rows import CERTIFIED
from robust_core.evaluation.verification import plan
from robust_core.evaluation.verification import results as verification
from robust_core.evaluation.verification.measure import Row
from robust_core.evaluation.verification.results import Report
from robust_core.verification.record import BROKEN, PROVED, UNKNOWN, WRONG
from tests import fake_defenses
from tests.dashboard.robustness_report.conftest import lines


def test_trade_off_has_every_defence_once_and_says_what_is_published(report):
    figure = trade_off_chart(report)
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
        "published",
    }
    assert not any("L2" in words for trace in figure.data for words in (trace.customdata or ()))


def test_certificates_in_l2_have_a_chart_of_their_own(report):
    (points,) = certified_chart(report).data
    rows = report.rows(CERTIFIED)
    assert list(points.x) == [row.at(0).value for row in rows]
    assert list(points.y) == [row.at(0.25).value for row in rows]
    for words in points.customdata:
        assert "alpha" in words
        assert "0.25 in L2" in words
        assert f"{report.model}, {report.data}" in words


def row(picture, status, ibp, milp):
    lower = (
        {} if status == WRONG else {"ibp": ibp, "crown": ibp, "crown-optimised": ibp, "milp": milp}
    )
    return Row(picture, status, 1.0, lower, None, None, 3, 0.1, False)


def test_proofs_stand_between_clean_accuracy_and_what_the_attack_left():
    job = next(job for job in plan.jobs() if job.part == plan.DIGITS and job.eps == 0.1)
    rows = [
        row(0, PROVED, 0.5, 0.6),
        row(1, PROVED, -0.5, 0.6),
        row(2, UNKNOWN, -1.0, -0.1),
        row(3, BROKEN, -1.0, -1.0),
        row(4, WRONG, 0, 0),
    ]
    (one,) = proofs_on("digits", Report(rows={job: rows}))
    assert (one.clean.value, one.tight.value, one.loose.value) == (0.8, 0.4, 0.6)
    traces = lines(proved_chart([one]))
    assert (traces[TIGHT].y, traces[LOOSE].y) == ((0.4,), (0.6,))
    assert traces[TIGHT].marker.symbol != traces[LOOSE].marker.symbol
    for words in (*traces[TIGHT].customdata, *traces[LOOSE].customdata):
        for part in (job.model, "digits", "first 5", "Linf", "0.1", "ibp 1", "milp 2", plan.ATTACK):
            assert part in words
    assert proofs_on("gtsrb", Report(rows={job: rows})) == []


@pytest.mark.parametrize("data", ["digits", "cifar10"])
def test_what_is_committed_is_in_order(data):
    found = proofs_on(data, verification.report())
    assert len({one.job.eps for one in found}) > 1
    for one in found:
        assert one.tight.value <= one.loose.value <= one.clean.value
    assert size(2 / 255, plan.CIFAR) == "2/255"
