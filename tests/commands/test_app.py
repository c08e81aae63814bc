"""Opening the dashboard: what is started, with what, and from where."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from robust_core import paths
from robust_core.commands import app


@pytest.fixture
def started(monkeypatch) -> list:
    """What would become of this process: a list that the command line and its environment go into."""
    calls: list = []
    monkeypatch.setattr(app, "WINDOWS", False)
    monkeypatch.setattr(app.os, "execve", lambda path, words, env: calls.append((path, words, env)))
    return calls


def test_it_starts_streamlit_with_the_options_it_does_not_know(command, started):
    assert command("app", "--server.port", "8502", "--server.headless=true").status == 0
    ((path, words, environment),) = started
    assert path == words[0] == sys.executable
    assert words[2:5] == ["-m", "streamlit", "run"]
    assert words[5:] == [str(paths.APP), "--server.port", "8502", "--server.headless=true"]
    assert environment == dict(os.environ)


def test_only_app_passes_options_on(command, started):
    assert "--server.port" in command("data", "where", "--server.port", "8502").complaint
    assert not started


def test_windows_waits_and_ends_as_streamlit_ended(command, monkeypatch):
    monkeypatch.setattr(app, "WINDOWS", True)
    monkeypatch.setattr(subprocess, "call", lambda words, env: 3)
    assert command("app").status == 3


def test_without_a_home_the_server_gets_one(command, started, monkeypatch, tmp_path):
    def home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(Path, "home", home)
    assert command("app").status == 0
    assert started[0][2] == {**os.environ, "HOME": str(tmp_path)}


def test_a_module_in_the_current_folder_is_not_started_instead(tmp_path):
    (tmp_path / "streamlit.py").write_text("print('the wrong one')")
    done = subprocess.run(
        [sys.executable, "-m", "robust_core", "app", "--no-such-option"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(paths.ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "the wrong one" not in done.stdout
    assert "no-such-option" in done.stderr  # says Streamlit
