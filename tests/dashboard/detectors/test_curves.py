"""The curves of the detectors: what goes in is what is drawn, and gaps are named."""

import math

import pytest

from robust_core.dashboard.detectors import curves
from robust_core.dashboard.detectors.charts import NOTHING
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, DETECTOR
from robust_core.evaluation.detector_tables.rows import RocRow, SigmaTable
from tests.tables import table


@pytest.fixture
def sweep(detector_figures) -> SigmaTable:
    sigmas = [i / 10 for i in range(11)]
    values = {"static": [0.9 - s / 2 for s in sigmas], "dynamic": [0.8] * 10 + [None]}
    detectors = {
        kind: {"name": kind, "rows": [detector_figures(v, 100 - i) for i, v in enumerate(own)]}
        for kind, own in values.items()
    }
    return table(SigmaTable, eps=1 / 255, steps=10, sigmas=sigmas, detectors=detectors)


def test_sigma_curves_are_the_values_with_the_pictures_that_remain(sweep):
    figure = curves.sigma_curves(sweep)
    static, dynamic, cross = figure.data
    assert list(static.y) == [f["detectability"] for f in sweep.detectors["static"].rows]
    assert dynamic.y[-1] is None
    assert cross.name == NOTHING
    assert cross.x == (1.0,)
    assert dynamic.line.color == DETECTOR
    assert static.line.dash != dynamic.line.dash
    assert static.marker.symbol != dynamic.marker.symbol
    assert "97 successful" in static.customdata[3]


@pytest.fixture
def rows() -> list[RocRow]:
    x = [0, 0.1, 0.5, 1]
    common = {"detector": "d", "eps": 1 / 255, "n_genuine": 2000}
    known = {"false_positives": x, "true_positives": [0, 0.7, 0.9, 1], "auc": 0.912}
    known |= {"low": [0, 0.6, 0.85, 0.99], "high": [0.01, 0.8, 0.95, 1], "n_adversarial": 1500}
    empty = {"false_positives": [], "true_positives": [], "low": [], "high": [], "auc": None}
    return [
        RocRow(**common, adversary="bim", **known),
        RocRow(**common, adversary="fgsm", **empty, n_adversarial=0),
    ]


def test_roc_curves_lie_in_their_bands(rows):
    chance, band, line, empty = curves.roc_chart(rows).data
    assert (chance.x, chance.y) == ((0, 1), (0, 1))
    assert list(line.x) == rows[0].false_positives
    assert list(line.y) == rows[0].true_positives
    assert list(band.y) == [*rows[0].low, *reversed(rows[0].high)]
    assert list(band.x) == [*line.x, *reversed(line.x)]
    assert line.name == "BIM 1/255: 0.912"
    assert "1,500 adversarial" in line.hovertemplate
    assert empty.name == f"FGSM 1/255: {NOTHING}"
    assert band.legendgroup == line.legendgroup != empty.legendgroup


def test_roc_curves_can_be_named(rows):
    names = [t.name for t in curves.roc_chart(rows, ["one", "two"]).data if t.name]
    assert names == ["one: 0.912", f"two: {NOTHING}"]


def test_rejection_curves_are_the_arrays_without_what_has_no_place():
    tau = [-math.inf, 0.2, 0.7, math.inf]
    harm, coverage = [0, 0.1, 0.4, 0.9], [0, 0.6, 0.8, 1]
    figure = curves.rejection_curves(tau, harm, coverage, here=0.7, about="n: 2,000")
    for line, values, colour in zip(
        figure.data, (harm, coverage), (ADVERSARIAL, CLEAN), strict=True
    ):
        assert list(line.x) == tau[1:3]
        assert list(line.y) == values[1:3]
        assert line.line.color == colour
        assert "n: 2,000" in line.hovertemplate
    assert figure.data[0].line.dash != figure.data[1].line.dash
    assert figure.layout.shapes[0].x0 == 0.7
    assert not curves.rejection_curves(tau, harm, coverage, here=math.inf).layout.shapes
