"""The README tells the truth: its two lines, its dependencies."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ENVIRONMENT = "python3 -m venv .venv && . .venv/bin/activate && pip install -r "


def test_the_two_lines():
    lines = README.splitlines()
    assert f"{ENVIRONMENT}requirements.txt && streamlit run app.py" in lines
    assert f"{ENVIRONMENT}requirements-dev.txt && pytest" in lines


def test_every_dependency_is_pinned_and_explained():
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name = re.fullmatch(r"([a-z-]+)==[\d.]+", line)[1]
            assert re.search(rf"^\|.*\b{name}\b.*\|.+\|$", README, re.MULTILINE), name


def test_the_development_requirements_include_the_others():
    assert "-r requirements.txt" in (ROOT / "requirements-dev.txt").read_text().splitlines()


def test_linked_files_exist():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_model_attack_and_defence_is_listed():
    from robust_core import attacks, defenses, zoo

    for name in [*attacks.names(), *defenses.names(), *zoo.names(), *zoo.BUNDLED]:
        short = name.removeprefix("imagenet-").removeprefix("cifar10-resnet32-")
        assert f"`{name}`" in README or f"`-{short}`" in README, name
