"""Settings in the address: junk falls back to the default, what is set can be restored."""

import math

import pytest
from streamlit.testing.v1 import AppTest

from robust_core.dashboard import settings
from robust_core.dashboard.settings import LONGEST, number, one_of, several_of, truth


def page():
    """A page with one setting of each kind."""
    import streamlit as st

    from robust_core.dashboard.settings import number, one_of, publish, setting, truth

    st.selectbox("Fruit", ["a", "b"], key=setting("fruit", "a", one_of(["a", "b"])))
    st.toggle("Ripe", key=setting("ripe", False, truth))
    st.number_input("Weight", 0, 9, key=setting("weight", 3, number(int, 0, 9)))
    st.slider("Share", 0.0, 1.0, step=0.01, key=setting("share", 0.5, number(float, 0, 1)))
    publish()


def visit(**query: str) -> AppTest:
    test = AppTest.from_function(page, default_timeout=30)
    test.query_params.update(query)
    return test.run()


def values(test: AppTest) -> dict:
    return {key: test.session_state[key] for key in ("fruit", "ripe", "weight", "share")}


DEFAULTS = {"fruit": "a", "ripe": False, "weight": 3, "share": 0.5}


@pytest.mark.parametrize("raw", ["", "c", "A", "a ", "['a']", "<b>", "\0", "__class__"])
def test_only_options_are_accepted(raw):
    assert one_of(["a", "b"])(raw) is None


def test_lists_keep_what_is_an_option_and_junk_alone_is_refused():
    parse = several_of([1, 2, "three"])
    assert parse("2,three,1") == [2, "three", 1]
    assert parse("2,four") == [2]
    assert parse("") == []
    assert parse("four,<b>") is None


def test_an_option_comes_back_in_its_own_type():
    parse = one_of([0.01, 0.1])
    assert parse("0.1") == 0.1
    assert isinstance(parse("0.01"), float)


@pytest.mark.parametrize("raw", ["nan", "inf", "-inf", "-1", "65", "1e999"])
def test_numbers_outside_the_range_are_refused(raw):
    assert number(float, 0, 64)(raw) is None


@pytest.mark.parametrize("raw", ["nan", "inf", "-inf"])
def test_numbers_without_a_range_are_finite(raw):
    value = number(float, None, None)(raw)
    assert value is None or math.isfinite(value)


def test_a_whole_number_beyond_all_floats_is_refused():
    assert number(int, None, None)("9" * LONGEST) is None


@pytest.mark.parametrize("raw", ["true", "1", "yes", "", "None"])
def test_only_the_two_words_switch(raw):
    assert truth(raw) is None


def test_without_a_link_the_defaults_stand_and_the_address_is_empty():
    test = visit()
    assert values(test) == DEFAULTS
    assert not test.query_params


@pytest.mark.parametrize(
    "query",
    [
        {"fruit": "z"},
        {"ripe": "perhaps"},
        {"weight": "3.5"},
        {"weight": "1e3"},
        {"weight": "99"},
        {"share": "nan"},
        {"share": "0." + "5" * LONGEST},
        {"unknown": "1", "_link": "x", "_defaults": "y"},
    ],
)
def test_junk_falls_back_to_the_defaults_without_an_error(query):
    test = visit(**query)
    assert not test.exception
    assert values(test) == DEFAULTS


def changing():
    """A page whose list of fruit has changed."""
    import streamlit as st

    from robust_core.dashboard.settings import setting_among

    fruit = st.session_state["there"]
    for key, instead in (("fruit", None), ("other", "b")):
        told = {"called": "Fruit", "shown": str.upper, "instead": instead}
        st.selectbox("Fruit", fruit, key=setting_among(key, "a", fruit, **told))


def test_a_choice_that_is_gone_becomes_what_there_is():
    test = AppTest.from_function(changing, default_timeout=30)
    test.query_params.update({"fruit": "c"})
    test.session_state["there"] = ["a", "b", "c"]
    test.run()
    assert (test.session_state["fruit"], test.session_state["other"]) == ("c", "a")
    test.selectbox(key="other").set_value("c").run()
    test.session_state["there"] = ["a", "b"]
    test.run()
    assert not test.exception
    assert (test.session_state["fruit"], test.session_state["other"]) == ("a", "b")


def test_what_is_set_is_published_and_its_link_restores_it():
    test = visit()
    test.selectbox(key="fruit").set_value("b")
    test.toggle(key="ripe").set_value(True)
    test.number_input(key="weight").set_value(7)
    test.slider(key="share").set_value(0.07).run()
    published = dict(test.query_params)
    assert published == {"fruit": "b", "ripe": "True", "weight": "7", "share": "0.07"}
    assert values(visit(**published)) == values(test)


def test_a_default_is_not_published():
    test = visit(fruit="b")
    test.selectbox(key="fruit").set_value("a").run()
    assert not test.query_params


def test_a_link_counts_once():
    test = visit(fruit="b", weight="8")
    test.selectbox(key="fruit").set_value("a").run()
    test.run()
    assert values(test) == {**DEFAULTS, "weight": 8}


@pytest.mark.parametrize(
    ("kind", "low", "high", "why"),
    [
        (int, 0, 9, "is not a whole number from 0 to 9"),
        (float, 0.5, None, "is not a number of at least 0.5"),
        (float, None, 1, "is not a number of at most 1"),
        (float, None, None, "is not a number"),
    ],
)
def test_a_number_that_is_refused_is_said_in_its_range(kind, low, high, why):
    assert number(kind, low, high).why == why


@pytest.mark.parametrize(
    ("query", "expected"), [({"obst": "b"}, "b"), ({"obst": "b", "fruit": "a"}, "a")]
)
def test_an_old_link_opens_and_a_name_of_today_counts_before_an_old_one(
    monkeypatch, query, expected
):
    monkeypatch.setitem(settings.OLD_KEYS, "obst", "fruit")
    test = visit(**query)
    assert values(test)["fruit"] == expected
    assert "obst" not in test.query_params


def two_pages():
    """The fruit again on two pages that open with different ones."""
    import streamlit as st

    from robust_core.dashboard.settings import one_of, publish, setting

    st.session_state["_page"] = st.session_state.get("go", "first")
    start = {"first": "a", "second": "b"}[st.session_state["_page"]]
    st.selectbox(
        "Fruit",
        ["a", "b", "c"],
        key=setting("fruit", start, one_of(["a", "b", "c"])),
        persist_state="session",
    )
    publish()


def opened(test: AppTest, name: str) -> str:
    """The fruit on the page of that name."""
    test.session_state["go"] = name
    test.run()
    assert not test.exception
    return test.session_state["fruit"]


def test_what_nobody_chose_is_the_default_of_the_page_that_is_open():
    test = AppTest.from_function(two_pages, default_timeout=30).run()
    assert [opened(test, name) for name in ("first", "second", "first")] == ["a", "b", "a"]
    assert not test.query_params


@pytest.mark.parametrize("through", [["c"], ["c", "a"]])
def test_a_choice_holds_on_every_page_even_if_it_is_the_default_of_one(through):
    test = AppTest.from_function(two_pages, default_timeout=30).run()
    for fruit in through:
        test.selectbox(key="fruit").set_value(fruit).run()
    assert opened(test, "second") == through[-1]
    assert opened(test, "first") == through[-1]


def test_a_link_between_pages_carries_even_what_is_the_default_where_it_starts():
    test = AppTest.from_function(two_pages, default_timeout=30).run()
    test.query_params["fruit"] = "a"
    assert opened(test, "second") == "a"
    assert test.query_params["fruit"] in ("a", ["a"])


def test_what_a_link_onward_carries_names_even_a_default():
    def page():
        import streamlit as st

        from robust_core.dashboard.settings import one_of, onward, publish, setting

        for name in ("fruit", "nut"):
            st.selectbox(name, ["a", "b"], key=setting(name, "a", one_of(["a", "b"])))
        publish()
        st.session_state["carried"] = onward("fruit", "no such setting")

    test = AppTest.from_function(page, default_timeout=30)
    test.query_params["nut"] = "b"
    assert test.run().session_state["carried"] == {"fruit": "a", "nut": "b"}


def test_a_value_set_from_another_page_is_a_choice():
    test = AppTest.from_function(two_pages, default_timeout=30).run()
    test.session_state["fruit"] = "c"  # as a button there does that leads here
    assert opened(test, "second") == "c"
