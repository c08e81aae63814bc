"""Heat-maps of the detectors: the right way round, no cell left out; and the plane of the toy."""

import pytest
import torch

from robust_core.dashboard.detectors import maps
from robust_core.dashboard.detectors.charts import NOTHING
from robust_core.evaluation.detector_tables.rows import EpsMatrix, TransferTable
from robust_core.toys.overlap import DetectorView, Overlap
from tests.tables import table


@pytest.fixture
def part(detector_figures) -> EpsMatrix:
    """Fit at the larger, tested at the smaller: one half. At the smaller, tested there: nothing."""
    values = [[None, 0.8], [0.5, 0.9]]  # rows fit, as in the results file
    return EpsMatrix(
        eps=[1 / 255, 2 / 255],
        detectors=["one", "two"],
        matrix=[[detector_figures(v) for v in row] for row in values],
    )


def test_down_the_side_is_what_was_tested(part):
    figure = maps.eps_map(part)
    (heat,) = figure.data
    assert list(heat.z[0]) == [None, 0.5]
    assert list(heat.z[1]) == [0.8, 0.9]
    assert heat.customdata[0][1].startswith("fit 2/255, tested 1/255")
    assert figure.layout.xaxis.title.text == "fit eps"
    assert figure.layout.yaxis.title.text == "tested eps"
    assert figure.layout.yaxis.autorange == "reversed"


def test_each_cell_says_its_value_its_n_or_that_there_is_none(part):
    figure = maps.eps_map(part)
    (heat,) = figure.data
    assert [list(row) for row in heat.text] == [["", "0.50"], ["0.80", "0.90"]]
    assert "1,234 successful" in heat.customdata[1][1]
    (missing,) = figure.layout.annotations
    assert (missing.x, missing.y) == (0, 0)
    assert missing.text.replace("<br>", " ") == "no success", "short, to fit a cell on a phone"
    assert NOTHING in heat.customdata[0][0]


def test_transfer_has_the_names_of_the_adversaries(part):
    adversaries = [
        {"adversary": "bim", "eps": 1 / 255},
        {"adversary": "deepfool", "eps": None},
    ]
    figure = maps.transfer_map(table(TransferTable, adversaries=adversaries, matrix=part.matrix))
    names = [name.replace("<br>", " ") for name in figure.layout.xaxis.ticktext]
    assert names == ["BIM 1/255", "DeepFool"]
    assert figure.layout.xaxis.ticktext == figure.layout.yaxis.ticktext


def test_the_paper_s_matrix_is_as_quoted():
    """METHODS: the diagonal, and that DeepFool generalises best over what it was not fit to."""
    values = torch.tensor(maps.PAPER_TRANSFER)
    assert values.diag().tolist() == pytest.approx([0.89, 0.87, 0.90, 0.85, 0.91])
    others = (values.sum(0) - values.diag()) / 4
    assert others.tolist() == pytest.approx([0.73, 0.78, 0.68, 0.84, 0.87], abs=0.006)
    (heat,) = maps.paper_map().data
    assert [list(row) for row in heat.z] == [list(row) for row in maps.PAPER_TRANSFER]
    assert all("Metzen" in words for row in heat.customdata for words in row)


def test_the_axes_of_the_paper_s_matrix_are_called_an_inference():
    assert "quoted" not in maps.PAPER_SOURCE
    assert "values" in maps.PAPER_AXES
    assert "inferred" in maps.PAPER_AXES


def test_ours_and_the_paper_s_share_one_scale(part):
    looks = {
        (h.zmin, h.zmax, str(h.colorscale))
        for h in (maps.paper_map().data[0], maps.eps_map(part).data[0])
    }
    assert len(looks) == 1


def test_asymmetry_is_antisymmetric_and_keeps_its_gaps():
    values = maps.PAPER_TRANSFER
    (heat,) = maps.asymmetry_map(values, maps.PAPER_NAMES).data
    for i, row in enumerate(heat.z):
        for j, difference in enumerate(row):
            assert difference == pytest.approx(values[i][j] - values[j][i])
            assert difference == -heat.z[j][i]
    assert heat.zmin == -heat.zmax
    with_gap = [[0.9, None], [0.7, 0.8]]
    figure = maps.asymmetry_map(with_gap, ("a", "b"))
    assert [list(row) for row in figure.data[0].z] == [[0, None], [None, 0]]
    assert len(figure.layout.annotations) == 2
    assert NOTHING in figure.data[0].customdata[0][1]


def test_asymmetry_takes_a_part_as_it_is_drawn(part):
    assert maps.detectabilities(part) == [[None, 0.5], [0.8, 0.9]]


@pytest.fixture
def toy() -> Overlap:
    """Three by three places: one of each kind in the first two rows, the last row out of reach."""
    reach = torch.tensor([[1, 1, 1], [1, 1, 1], [0, 0, 0]]).bool()
    wrong = torch.tensor([[0, 0, 1], [1, 0, 0], [0, 0, 0]]).bool()
    passes = torch.tensor([[0, 1, 0], [1, 1, 0], [0, 0, 0]]).bool()
    static = DetectorView(0.5, 0.05, passes, wrong & passes, 0.3)
    dynamic = DetectorView(0.5, 0.05, torch.zeros_like(passes), torch.zeros_like(passes), 0.0)
    points, labels = torch.tensor([[0.2, 0.2], [0.8, 0.8]]), torch.tensor([0, 1])
    axis, classes = torch.linspace(0, 1, 3), torch.eye(3).long()
    return Overlap(0, 0.1, 0.05, points, labels, axis, classes, reach, wrong, static, dynamic)


def test_the_plane_has_each_place_in_the_colour_of_its_legend(toy):
    figure = maps.overlap_map(toy, "static")
    ground = figure.data[0]
    assert [list(row) for row in ground.z] == [[0, 1, 2], [3, 1, 0], [None] * 3]
    legend = {t.name.split(":")[0]: t.marker.color for t in figure.data if t.name and ":" in t.name}
    for row, words in zip(ground.z, ground.text, strict=True):
        for kind, word in zip(row, words, strict=True):
            if kind is not None:
                assert ground.colorscale[2 * kind][1] == legend[word]
    assert len(set(legend.values())) == 4


def test_the_legend_has_the_shares_and_the_classes_their_symbols(toy):
    names = [t.name for t in maps.overlap_map(toy, "static").data]
    assert "fools both: 16.7%" in names
    assert "fools both: 0.0%" in [t.name for t in maps.overlap_map(toy, "dynamic").data]
    first, second = (
        t for t in maps.overlap_map(toy, "static").data if t.name in ("class A", "class B")
    )
    assert first.x == pytest.approx([0.2])
    assert second.x == pytest.approx([0.8])
    assert first.marker.symbol != second.marker.symbol
