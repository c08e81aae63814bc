"""Tabs: a link opens one, and only the open one is drawn."""

from streamlit.testing.v1 import AppTest


def page():
    import streamlit as st

    from robust_core.dashboard import opened

    st.session_state["_page"] = "Page"
    opened.draw_open({"One": lambda: st.write("first"), "Two": lambda: st.write("second")}, "part")


def shown(**query: str) -> list[str]:
    test = AppTest.from_function(page)
    test.query_params.update(query)
    run = test.run()
    assert not run.exception
    return [each.value for each in run.markdown]


def test_the_first_tab_is_open_unless_a_link_names_another():
    assert shown() == ["first"]
    assert shown(part="Two") == ["second"]
    assert shown(part="Three") == ["first"]
