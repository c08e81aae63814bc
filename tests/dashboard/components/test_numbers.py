"""The table of results in numbers."""

from streamlit.testing.v1 import AppTest

from robust_core.words.numbers import NOTHING


def test_an_empty_cell_does_not_say_none():
    def page() -> None:
        from robust_core.dashboard.components.numbers import show_numbers

        rows: list[dict[str, object]] = [{"L2": None}, {"L2": 0.5}]
        show_numbers(rows, widths={}, file_name="numbers.csv", alt="Numbers")

    shown = AppTest.from_function(page).run()
    assert not shown.exception
    assert shown.dataframe[0].proto.placeholder == NOTHING
