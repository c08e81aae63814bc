"""What a link asked for and did not get is said, until the visitor changes something."""

import pytest
from streamlit.testing.v1 import AppTest

from robust_core.dashboard import replaced


def page():
    """A page with a choice, a list and a number."""
    import streamlit as st

    from robust_core.dashboard.settings import number, one_of, publish, setting, several_of

    titles = {"a": "Apple", "b": "Banana"}
    known = one_of(titles)
    st.selectbox(
        "Fruit", list(titles), key=setting("fruit", "a", known, called="Fruit", shown=titles.get)
    )
    st.pills(
        "Baskets",
        [1, 2, 3],
        selection_mode="multi",
        key=setting("baskets", [1, 2], several_of([1, 2, 3]), called="Baskets"),
    )
    st.number_input("Weight", 0, 9, key=setting("weight", 3, number(int, 0, 9), called="Weight"))
    publish()


def visit(**query: str) -> AppTest:
    test = AppTest.from_function(page, default_timeout=30)
    test.query_params.update(query)
    return test.run()


def notes(test: AppTest) -> list[str]:
    assert not test.exception
    return [line for info in test.info for line in info.value.split("  \n")]


def test_an_ordinary_visit_and_a_link_that_works_have_no_note():
    assert not notes(visit())
    assert not notes(visit(fruit="b", baskets="3,1", weight="7"))
    assert not notes(visit(baskets=""))


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (
            {"fruit": "cherry"},
            "The link asked for fruit `cherry`, which is not available here; Apple is used instead.",
        ),
        (
            {"weight": "99"},
            "The link asked for weight `99`, which is not a whole number from 0 to 9; "
            "3 is used instead.",
        ),
        (
            {"baskets": "3,7"},
            "The link asked for baskets `7`, which is not available here; it is left out.",
        ),
        (
            {"baskets": "7,3,8"},
            "The link asked for baskets `7`, `8`, which are not available here; they are left out.",
        ),
        (
            {"baskets": "x"},
            "The link asked for baskets `x`, which is not available here; 1 and 2 are used instead.",
        ),
    ],
)
def test_what_was_replaced_is_said_with_what_stands_in_its_place(query, sentence):
    assert notes(visit(**query)) == [sentence]


def test_each_setting_has_its_sentence():
    told = notes(visit(fruit="x", weight="y"))
    assert len(told) == 2
    assert "`x`" in told[0]
    assert "`y`" in told[1]


def test_the_note_stays_through_a_run_and_goes_with_the_first_change():
    test = visit(fruit="cherry")
    test.run()
    assert notes(test)
    test.number_input(key="weight").set_value(4).run()
    assert not notes(test)
    test.number_input(key="weight").set_value(3).run()
    assert not notes(test), "it came back"


@pytest.mark.parametrize(
    "raw", ["`![x](http://a.example/b.png)", "a`b", "<b>", "x\ny", "z" * 500, ":red[x]"]
)
def test_a_link_s_value_is_quoted_as_code_and_shortened(raw):
    (told,) = notes(visit(fruit=raw))
    before, code, after = told.split("`")
    assert before == "The link asked for fruit "
    assert len(code) <= replaced.LONGEST
    assert after.startswith(", which is not available here")
