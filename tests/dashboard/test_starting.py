"""The first visitor of a fresh server sees something at once, and waits for nothing that is not shown."""

import ast
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from robust_core import attacks, defenses
from robust_core.dashboard import starting
from robust_core.dashboard.components import gallery

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
