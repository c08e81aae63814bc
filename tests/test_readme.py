"""The README tells the truth: its size, its two lines, its examples, its headline figures."""

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ENVIRONMENT = "python3 -m venv .venv && . .venv/bin/activate && pip install -r "


def test_it_is_short():
    assert len(README.encode()) <= 8 * 1024


def test_the_two_lines():
    lines = README.splitlines()
    assert f"{ENVIRONMENT}requirements.txt && streamlit run app.py" in lines
    assert f"{ENVIRONMENT}requirements-dev.txt && pytest" in lines


def test_the_command_line_example(tmp_path, monkeypatch, capsys):
    from robust_core.__main__ import main

    command = next(x for x in README.splitlines() if x.startswith("python -m robust_core attack"))
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(command)[3:]) == 0
    assert "cat" in capsys.readouterr().out
    assert (tmp_path / "adv.png").exists()


def test_every_page_is_named():
    titles = re.findall(r'st\.Page\(\s*"[^"]+",\s*title="([^"]+)"', (ROOT / "app.py").read_text())
    assert len(titles) >= 6
    for title in titles:
        assert re.search(rf"^\* \*\*{title}\*\*: \S", README, re.MULTILINE), title


def test_three_headline_figures_each_with_its_command():
    block = README.split("<!-- generated: headline -->")[1].split("<!-- generated: end -->")[0]
    figures = block.strip().splitlines()
    assert len(figures) == 3
    for figure in figures:
        assert re.search(r" %.*`python -m robust_core [^`]+`$", figure), figure


def test_the_development_requirements_include_the_others():
    assert "-r requirements.txt" in (ROOT / "requirements-dev.txt").read_text().splitlines()
