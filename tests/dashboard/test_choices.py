"""Rows of buttons: what a link asks for is chosen, under the words, and values come back as they are."""

import pytest
from streamlit.testing.v1 import AppTest


def page():
    import streamlit as st

    from robust_core.dashboard.choices import choose_one, choose_several
    from robust_core.dashboard.settings import publish

    eps = {0.1: "a little", 0.5: "much"}
    st.session_state.one = choose_one("How much", eps, "eps", 0.1)
    st.session_state.several = choose_several("Some", eps, "some", (0.5,))
    publish()


def visit(**query: str) -> AppTest:
    test = AppTest.from_function(page, default_timeout=30)
    test.query_params.update(query)
    return test.run()


@pytest.mark.parametrize(
    ("query", "one", "several"),
    [
        ({}, 0.1, [0.5]),
        ({"eps": "0.5", "some": "0.1,0.5"}, 0.5, [0.1, 0.5]),
        ({"eps": "0.7", "some": "0.7"}, 0.1, [0.5]),
        ({"some": ""}, 0.1, []),
    ],
)
def test_a_link_chooses_and_junk_leaves_the_start(query, one, several):
    test = visit(**query)
    assert not test.exception
    assert (test.session_state["one"], test.session_state["several"]) == (one, several)
    shown = [group.options for group in test.button_group]
    assert shown == [["a little", "much"]] * 2


def test_a_choice_is_written_into_the_address():
    test = visit()
    test.button_group(key="eps").set_value(0.5).run()
    assert test.session_state["one"] == 0.5
    assert test.query_params["eps"] == "0.5"
