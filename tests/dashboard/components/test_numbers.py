"""The table of results in numbers."""

import json

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


def test_the_column_of_classes_is_wide_enough_for_them():
    def page() -> None:
        import streamlit as st

        from robust_core.dashboard.components.numbers import show_numbers

        said = st.query_params["said"]
        show_numbers([{"Says": "cat"}, {"Says": said}], widths={}, file_name="a.csv", alt="")

    widths = []
    for said in ("dog", "garbage truck", "a class of many long words, of which ImageNet has some"):
        shown = AppTest.from_function(page)
        shown.query_params["said"] = said
        (table,) = shown.run().dataframe
        widths.append(json.loads(table.proto.columns)["Says"]["width"])
    assert widths == [70, 111, 140]
