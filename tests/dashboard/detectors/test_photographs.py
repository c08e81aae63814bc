"""Words beside the tables of photographs: radii on both scales, the paper's chance level, its aim."""

import pytest

from robust_core.dashboard.detectors import photographs
from robust_core.detectors.measure import Figures
from robust_core.evaluation.detector_tables.rows import EpsMatrix, OwnAdversaryRow
from tests.tables import completed

MODEL = "imagenette-resnet"


def figures(detectability, top1=0.1) -> Figures:
    found = {"detectability": detectability, "top1_adversarial": top1}
    return completed(Figures, found)


def matrix(*values: float | None) -> EpsMatrix:
    cells = [[figures(value) for value in values] for value in values]
    for i, row in enumerate(cells):
        row[0] = figures(values[i])
    return EpsMatrix(eps=[229 / 255, 457 / 255, 686 / 255], detectors=["a", "b", "c"], matrix=cells)


def test_the_papers_radii_and_ours_change_a_value_as_much():
    assert photographs.root_mean_square(400, 224) == pytest.approx(1.031, abs=1e-3)
    for papers, ours in zip(photographs.PAPER_L2, (229, 457, 686), strict=True):
        there = photographs.root_mean_square(papers, photographs.PAPER_SIDE)
        assert photographs.root_mean_square(ours, 128) == pytest.approx(there, rel=2e-3)


def test_scale_and_chance_are_said_where_there_is_a_table_in_l2():
    told = photographs.about_eps(MODEL, {"bim-l2": matrix(0.55, 0.8, 0.9)})
    assert "pixels in 0 to 255" in told
    assert (
        "229/255, 457/255, 686/255 at 128 × 128, change a value about as much: by 1.0, 2.1, 3.1"
        in told
    )
    assert photographs.AT_CHANCE in told
    assert "for 229/255 reaches 0.55, and the one for 686/255 finds it with 0.90" in told
    assert "reaches" not in photographs.about_eps(MODEL, {"bim-l2": matrix(None, 0.8, 0.9)})
    assert photographs.AT_CHANCE not in photographs.about_eps(MODEL, {})


def test_only_strong_adversaries_count_for_the_aim():
    rows = [
        completed(OwnAdversaryRow, {"floats": figures(value, top1)})
        for value, top1 in ((0.9, 0.1), (0.85, 0.29), (0.84, 0.2), (None, 0.2), (0.99, 0.3))
    ]
    told = photographs.about_strong([OwnAdversaryRow(**row) for row in rows])
    assert "Of 4 adversaries that leave the classifier under 30%, 2 are detected" in told


def test_photographs_are_those_of_the_papers_ten_classes():
    models = (MODEL, "imagenet10-vgg16", "cifar10-resnet32", "digits-cnn")
    assert [photographs.is_photographs(model) for model in models] == [True, True, False, False]
