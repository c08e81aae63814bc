"""The transfer matrix: its cells, its words, and the chips."""

import pytest
from streamlit.testing.v1 import AppTest

from robust_core.dashboard.topics import transfer, transfer_bars
from robust_core.evaluation.transfer.measure import Cell, CraftedRow
from robust_core.evaluation.transfer.results import Matrix

A, B = "digits-cnn", "digits-cnn-pgd-at"


def row(source, *cells):
    targets = tuple(Cell(*cell) for cell in cells)
    return CraftedRow(
        "digits", source, "pgd", 0.1, None, {"steps": 20}, 10, 0.1, 0.5, targets, {A: "a", B: "b"}
    )


@pytest.fixture
def matrix():
    rows = (row(A, (A, 10, 9), (B, 8, 2)), row(B, (A, 10, 5), (B, 8, 4)))
    return Matrix("digits", "pgd", 0.1, None, rows, ())


def test_cells_are_shares_of_what_is_right_when_clean(matrix):
    (heat,) = transfer.chart(matrix).data
    assert [list(line) for line in heat.z] == [[0.9, 0.25], [0.5, 0.5]]
    assert list(heat.y) == list(heat.x) == ["undefended", "pgd-at"]
    assert "2 of 8 fooled: 25.0 %" in heat.customdata[0][1]
    assert "white-box" in heat.customdata[1][1]


def test_the_sentence_and_the_conditions_say_what_it_holds(matrix):
    told = transfer.in_words(matrix)
    assert "On the network itself 70.0 %" in told
    assert "another one 37.5 %" in told
    assert "from pgd-at to undefended: 50.0 %" in told
    assert transfer.masked_in_words(matrix) == ""
    said = transfer.conditions(matrix)
    assert all(part in said for part in ("First 10", "PGD in Linf, eps 0.1, 20 steps", "digits"))


def test_transfer_that_beats_white_box_is_called_by_its_name():
    rows = (row(A, (A, 10, 9), (B, 8, 5)), row(B, (A, 10, 5), (B, 8, 4)))
    told = transfer.masked_in_words(Matrix("digits", "pgd", 0.1, None, rows, ()))
    assert told.endswith("a sign of masked gradients: pgd-at.")


def test_on_a_phone_one_network_stands_for_itself(matrix):
    html = transfer_bars.bars(matrix.rows[1], {A: "undefended", B: "pgd-at"})
    own, other = html.index("pgd-at (itself)"), html.index("undefended")
    assert own < other
    assert html.count("width:50.0%") == 2
    assert "5 of 10 fooled" in html


def page() -> None:
    from robust_core.dashboard.topics import transfer

    transfer.show_matrix("digits")


def test_another_attack_is_chosen_by_its_chip():
    shown = AppTest.from_function(page, default_timeout=20).run()
    assert not shown.exception
    before = shown.caption[0].value
    assert "pictures of digits; FGSM" in before
    shown.button_group(key="transfer_attack_digits").set_value("PGD").run()
    assert not shown.exception
    assert "PGD in Linf" in shown.caption[0].value != before
