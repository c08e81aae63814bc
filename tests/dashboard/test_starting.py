"""The first visitor of a fresh server sees something at once, and waits for nothing that is not shown."""

import ast
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from robust_core import attacks, defenses
from robust_core.dashboard import plots, starting
from robust_core.dashboard.components import gallery
from tests.visiting import ran, visit

ROOT = Path(__file__).parents[2]


class Place:
    """Stands for an empty place on the page."""

    def __init__(self, events):
        self.events = events

    def caption(self, text):
        self.events.append(text)

    def empty(self):
        self.events.append("emptied")


@pytest.fixture
def events(monkeypatch):
    """What the page shows and imports, in that order, on a server that has just started."""
    found = []
    monkeypatch.setattr(starting, "_loaded", threading.Event())
    monkeypatch.setattr(starting, "FLUSH", 0)
    monkeypatch.setattr(starting.st, "empty", lambda: Place(found))
    monkeypatch.setattr(starting.importlib, "import_module", found.append)
    return found


def test_a_sentence_stands_there_while_libraries_are_loaded(events):
    starting.load_libraries()
    assert events == [starting.SENTENCE, "torch", "emptied"]
    starting.load_libraries()
    assert len(events) == 3


def test_what_draws_the_frame_does_not_wait_for_torch():
    lines = (ROOT / "app.py").read_text(encoding="utf-8")
    imports = [
        node for node in ast.parse(lines).body if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    code = "\n".join(map(ast.unparse, imports)) + "\nimport sys; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_streamlit_needs_neither_pandas_nor_its_emojis_for_the_first_screen(monkeypatch):
    """It imports pandas to look for tables among a dictionary's values, its emojis for other letters."""
    handed = {}
    monkeypatch.setattr(gallery, "_component", lambda **given: handed.update(given))
    gallery.gallery([("cat", "A cat", b"PNG")], "cat", key="x", on_choose=print)
    assert isinstance(handed["data"], list)
    titles = [
        kind.title
        for catalogue in (attacks, defenses)
        for kind in map(catalogue.get, catalogue.names())
    ]
    assert [title for title in titles if not title.isascii()] == []


SLOW_PANDAS = """
import threading, time
begun.set()
time.sleep(0.5)
class Series: ...
class Index: ...
"""
TWO_VISITORS = """
import builtins, importlib, sys, threading
builtins.begun = threading.Event()
import plotly.graph_objects as go
from robust_core.dashboard import starting
sys.path.insert(0, sys.argv[1])
other = threading.Thread(target=importlib.import_module, args=("pandas",))
other.start()
begun.wait()
if sys.argv[2] == "waits":
    starting.load_tables()
go.Bar(x=[1], hovertemplate="%{x}")
"""


@pytest.mark.parametrize(("how", "status"), [("waits", 0), ("does not wait", 1)])
def test_a_chart_waits_for_the_pandas_that_another_visitor_is_importing(tmp_path, how, status):
    (tmp_path / "pandas.py").write_text(SLOW_PANDAS)
    done = subprocess.run(
        [sys.executable, "-c", TWO_VISITORS, tmp_path, how],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    assert ("has no attribute 'Series'" in done.stderr) == bool(status)


@pytest.mark.parametrize("page", ["pages/attack.py", "pages/robustness_report.py"])
def test_pandas_is_there_before_the_first_chart(monkeypatch, page):
    events = []
    draw = plots.draw
    monkeypatch.setattr(starting, "load_tables", lambda: events.append("pandas"))
    monkeypatch.setattr(
        plots, "draw", lambda figure, **how: (events.append("chart"), draw(figure, **how))
    )
    ran(visit(page, model="digits-cnn"))
    assert events[:2] == ["pandas", "chart"]
