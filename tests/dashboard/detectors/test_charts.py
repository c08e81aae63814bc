"""The figures of the detectors: what goes in is what is drawn, and nothing is left out."""

import pytest

from robust_core.dashboard.detectors import charts
from robust_core.dashboard.detectors.charts import NOTHING
from robust_core.evaluation.detector_tables.rows import OwnAdversaryRow, SharedRow
from tests.tables import table

ADVERSARIES = (
    ("fgsm", 2 / 255, "AD(2)"),
    ("bim", 1 / 255, "AD(2)"),
    ("bim-l2", 40 / 255, "AD(2)"),
    ("deepfool", None, "AD(4)"),
    ("deepfool-linf", None, "AD(4)"),
)


@pytest.fixture
def row(detector_figures):
    """``row("bim", 1 / 255, "AD(2)", 0.8, 0.7)``: detectability as floats and rounded to 8 bits."""

    def make(adversary, eps, point, value, rounded) -> OwnAdversaryRow:
        return OwnAdversaryRow(
            detector=f"{adversary}-{point}",
            point=point,
            adversary=adversary,
            eps=eps,
            parameters={},
            floats=detector_figures(value),
            eight_bit=detector_figures(rounded),
            at_threshold=detector_figures(value),
            threshold=0.7,
            n_train=10_000,
            epochs=20,
        )

    return make


@pytest.fixture
def rows(row) -> list[OwnAdversaryRow]:
    """The five adversaries; rounded to 8 bits, the last one fools nothing."""
    values = ((0.7, 0.69), (0.85, 0.84), (0.8, 0.75), (0.95, 0.6), (0.9, None))
    return [row(*a, *v) for a, v in zip(ADVERSARIES, values, strict=True)]


def drawn(figure, *, name=None) -> list:
    return [t for t in figure.data if name is None or t.name == name]


def test_the_scatter_has_each_row_twice_filled_and_hollow(rows):
    figure = charts.accuracy_scatter(rows)
    points = [(t.y, t.marker.symbol) for t in figure.data if t.name != NOTHING]
    assert [y for y, s in points if not s.endswith("-open")] == [
        (r.floats["detectability"],) for r in rows
    ]
    hollow = [y for y, s in points if s.endswith("-open")]
    assert hollow[:4] == [(r.eight_bit["detectability"],) for r in rows[:4]]
    assert hollow[4] == ()
    assert len({(t.marker.symbol, t.marker.color) for t in figure.data}) == len(figure.data)
    assert [t.text[0] for t in figure.data[:4:2]] == ["2", "1"]


def test_the_scatter_says_where_nothing_was_successful(rows):
    (cross,) = drawn(charts.accuracy_scatter(rows), name=NOTHING)
    assert cross.x == (0.9,)
    assert NOTHING in cross.customdata[0]
    assert "DeepFool (Linf)" in cross.customdata[0]
    assert not drawn(charts.accuracy_scatter(rows[:4]), name=NOTHING)


def test_the_scatter_has_the_lines_of_the_paper_and_all_points_are_on_it(rows):
    rows[0].floats["detectability"] = 0.31
    figure = charts.accuracy_scatter(rows)
    lines = {(s.x0, s.x1) if s.x0 == s.x1 else (s.y0, s.y1) for s in figure.layout.shapes}
    assert lines == {(0.3, 0.3), (0.8, 0.8)}
    low, high = figure.layout.yaxis.range
    assert all(low < y < high for t in figure.data for y in t.y)


def test_hover_gives_n_and_conditions(rows):
    words = charts.accuracy_scatter(rows).data[0].customdata[0]
    for part in ("FGSM 2/255", "AD(2)", "floats", "2,000", "1,234", "0.70", "10,000", "25.0%"):
        assert part in words


def test_depth_bars_are_the_rows_by_point(row):
    rows = [row("bim", 1 / 255, f"AD({i})", 0.6 + i / 20, None) for i in (4, 3, 2, 1, 0)]
    rows += [row("deepfool", None, f"AD({i})", 0.9, None) for i in (2, 4)]
    figure = charts.depth_bars(rows)
    bim, deepfool = figure.data
    assert dict(zip(bim.x, bim.y, strict=True)) == {
        r.point: r.floats["detectability"] for r in rows[:5]
    }
    assert deepfool.x == ("AD(2)", "AD(4)")
    assert figure.layout.xaxis.categoryarray == tuple(f"AD({i})" for i in range(5))
    assert bim.marker.pattern.shape != deepfool.marker.pattern.shape
    assert set(charts.depth_bars(rows, "eight_bit").data[0].text) == {NOTHING.replace(" ", "<br>")}


@pytest.fixture
def both(row) -> list[SharedRow]:
    """Each with its own detector and the one for all; rounded to 8 bits, the last one fools nothing."""
    rows = []
    for i, (adversary, eps, point) in enumerate(ADVERSARIES):
        rounded = None if i == 4 else 0.6
        own = row(adversary, eps, point, 0.9 - i / 100, rounded)
        shared = row(adversary, eps, "AD(2)", 0.8 - i / 100, rounded)
        compared = {"own": vars(own), "several": vars(shared)}
        rows.append(table(SharedRow, adversary=adversary, eps=eps, **compared))
    return rows


def test_bars_of_each_adversary_are_its_own_detector_and_the_one_for_all(both):
    own, several = charts.several_bars(both).data
    for bars, kind in ((own, "own"), (several, "several")):
        assert list(bars.y) == [getattr(r, kind).floats["detectability"] for r in both]
        assert list(bars.x) == [charts.adversary_title(a, eps) for a, eps, _ in ADVERSARIES]
    assert own.name != several.name
    assert (own.marker.color, own.marker.pattern.shape) != (
        *(several.marker.color, several.marker.pattern.shape),
    )
    last, shared = own.customdata[3], several.customdata[3]
    for words, point in ((last, "AD(4)"), (shared, "AD(2)")):
        assert all(part in words for part in ("DeepFool", point, "floats", "2,000", "10,000"))
    assert last.startswith(own.name)
    (line,) = charts.several_bars(both).layout.shapes
    assert line.y0 == line.y1 == charts.CHANCE


def test_bars_of_what_rounding_undoes_say_so(both):
    for bars in charts.several_bars(both, "eight_bit").data:
        assert bars.text[3:] == ("0.60", NOTHING.replace(" ", "<br>"))
        assert "rounded to 8 bits" in bars.customdata[0]


def test_numbers_and_titles(detector_figures):
    assert charts.number(0.456) == "0.46"
    assert charts.number(None) == NOTHING
    assert charts.adversary_title("bim", 2 / 255) == "BIM 2/255"
    assert charts.adversary_title("someone-else") == "someone-else"
    assert NOTHING in charts.conditions(detector_figures(None))
