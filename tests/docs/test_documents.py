"""What stands in the documents: links that lead somewhere, examples that run, and every name."""

import ast
import importlib
import re
import textwrap
from pathlib import Path

import pytest

from robust_core.experiment import verifiable

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FILES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), ROOT / "benchmarks" / "README.md"])


def blocks(path: Path) -> list[str]:
    """The examples in Python of a document."""
    text = path.read_text(encoding="utf-8")
    found = re.findall(r"^ *```python\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(code) for code in found]


EXAMPLES = [
    pytest.param(code, id=f"{path.name}-{n}")
    for path in FILES
    if path.name != "CONTRIBUTING.md"  # whose examples are files to add
    for n, code in enumerate(blocks(path))
]


def anchor(heading: str) -> str:
    """What a heading is called in a link."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    text = path.read_text(encoding="utf-8")
    for target, part in re.findall(r"\]\((?!http)([^)#\s]*)(?:#([^)]+))?\)", text):
        to = (path.parent / target) if target else path
        assert to.exists(), target
        if part:
            headings = re.findall(r"^#+ (.+)$", to.read_text(encoding="utf-8"), re.MULTILINE)
            assert part in map(anchor, headings), f"{target}#{part}"


@pytest.mark.parametrize("code", EXAMPLES)
def test_examples_run(code):
    exec(compile(code, "example", "exec"), {"__name__": "example"})


def test_how_large_a_network_verify_takes():
    told = (DOCS / "own-models.md").read_text(encoding="utf-8")
    assert f"up to {verifiable.MOST:,} ReLUs while you wait" in told


@pytest.mark.parametrize("code", blocks(ROOT / "CONTRIBUTING.md"))
def test_files_to_add_import_what_there_is(code):
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(node.module)
            for alias in node.names:
                if not hasattr(module, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")


def test_every_model_attack_defence_and_detector_method_is_listed():
    from robust_core import attacks, defenses, zoo
    from robust_core.detectors import METHODS

    listed = {
        "models.md": zoo.names(),
        "attacks.md": [*attacks.names(), *attacks.names(pair=True)],
        "defences.md": defenses.names(),
        "detectors.md": [*METHODS.names(), *zoo.detectors()],
    }
    for name, names in listed.items():
        text = (DOCS / name).read_text(encoding="utf-8")
        for each in names:
            short = each.removeprefix("cifar10-resnet32-")
            assert f"`{each}`" in text or f"`-{short}`" in text, f"{name}: {each}"


def test_every_folder_that_a_variable_chooses_is_documented():
    read = re.compile(r"""environ(?:\.get\(|\[)"(\w+)\"""")
    sources = (ROOT / "robust_core").rglob("*.py")
    names = {name for path in sources for name in read.findall(path.read_text(encoding="utf-8"))}
    assert {"ROBUST_DATA", "XDG_CACHE_HOME"} <= names
    text = (DOCS / "command-line.md").read_text(encoding="utf-8")
    for name in {"TORCH_HOME", *names} - {"OMP_NUM_THREADS"}:
        assert re.search(rf"\b{name}\b", text), name


def test_every_dependency_is_pinned_and_explained():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name = re.fullmatch(r"([a-z-]+)==[\d.]+", line)[1]
            assert re.search(rf"^\|.*\b{name}\b.*\|.+\|$", text, re.MULTILINE), name
