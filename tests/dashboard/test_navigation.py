"""Every address of the app opens its page, also as the first that a new server is asked for."""

import ast
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.testing.v1 import AppTest

from robust_core.dashboard import navigation
from robust_core.paths import ROOT


def addresses() -> list[tuple[str, str]]:
    """Script and address of each page of app.py but the one that it opens with."""
    calls = (
        node
        for node in ast.walk(ast.parse((ROOT / "app.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "st.Page"
    )
    found = []
    for call in calls:
        script = ast.literal_eval(call.args[0])
        options = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
        if not options.get("default"):
            found.append((script, options.get("url_path", Path(script).stem)))
    return found


def test_a_new_server_finds_a_script_of_the_name_of_each_address():
    assert len(addresses()) >= 5
    for script, address in addresses():
        for path in (ROOT / script, ROOT / "pages" / f"{address}.py"):
            code = ast.parse(path.read_text(encoding="utf-8"))
            statements = [ast.unparse(node) for node in code.body]
            assert "navigation.inside_app()" in statements, path


def page():
    import streamlit as st

    from robust_core.dashboard import navigation

    navigation.say_restarted()
    st.text_input("Name", key="name")


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets; what it shows is its ``now``."""
    made = SimpleNamespace(now=time.monotonic())
    monkeypatch.setattr(navigation, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


def outliving() -> AppTest:
    """The first run for a page that was open before the server was: it comes with a widget's value."""
    widget = WidgetState(id="$$ID-of-the-server-before-None", string_value="x")
    return AppTest.from_function(page, default_timeout=30)._run(WidgetStates(widgets=[widget]))


def told(test: AppTest) -> bool:
    assert not test.exception
    return [each.value for each in test.info] == [navigation.RESTARTED]


def test_a_page_that_outlived_its_server_is_told_so_for_a_minute(clock):
    test = outliving()
    assert told(test)
    test.text_input(key="name").set_value("y").run()
    assert told(test), "the first choice does not wipe it away"
    clock.now += navigation.SHOWN
    assert not told(test.run())


def test_a_new_page_is_told_nothing_then_or_later(clock):
    test = AppTest.from_function(page, default_timeout=30).run()
    assert not told(test)
    test.text_input(key="name").set_value("y").run()
    assert not told(test)
