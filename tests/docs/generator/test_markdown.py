"""Tables are tables, whatever stands in their cells."""

from docs.generator.markdown import number, percent, table


def test_a_table_has_as_many_cells_in_each_line_as_heads():
    lines = table({"a": "l", "b": "r"}, [("x", 1), (None, "two\nlines")]).splitlines()
    assert lines == ["| a | b |", "| --- | --: |", "| x | 1 |", "|  | two lines |"]


def test_a_bar_does_not_end_a_cell():
    assert table({"a": "l"}, [("x | y",)]).splitlines()[2] == r"| x \| y |"


def test_numbers():
    assert (percent(0.9196), percent(0.355, 1), percent(None)) == ("91.96 %", "35.5 %", "")
    assert (number(0.08234), number(2.0, ".1f"), number(None)) == ("0.0823", "2.0", "")
