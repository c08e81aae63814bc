"""The arrows of the layout: who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "robust_core"
# package -> what it may not import. The picture is app -> pages -> dashboard -> methods -> core.
FORBIDDEN = {
    "attacks": {"dashboard", "commands", "training", "engine", "experiment", "zoo", "detectors"},
    "detectors": {"attacks", "dashboard", "commands", "training", "engine", "experiment"},
    "models": {"attacks", "dashboard", "commands", "training", "engine", "zoo", "data", "goals"},
    "data": {"attacks", "dashboard", "commands", "training", "engine", "zoo", "evaluation"},
    "certify": {
        *("defenses", "detectors", "evaluation", "dashboard", "commands", "training", "engine"),
        *("experiment", "zoo"),
    },
    "engine": {"attacks", "dashboard", "commands", "training", "zoo", "data", "evaluation"},
    "evaluation": {"dashboard", "commands", "training"},
    "training": {"attacks", "dashboard", "commands", "engine"},
    "toys": {"dashboard", "commands", "training", "engine", "experiment", "zoo"},
    "commands": {"dashboard"},
}
LEAVES = {"classifier", "goals", "modes", "devices", "paths"}


def imports(path: Path) -> set[str]:
    """Everything a file imports, as dotted names, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def core_parts(path: Path) -> set[str]:
    """The parts of robust_core that a file imports: ``attacks``, ``zoo``, ..."""
    names = (name.split(".") for name in imports(path))
    return {parts[1] for parts in names if parts[0] == "robust_core" and len(parts) > 1}


def test_only_the_dashboard_and_the_pages_import_streamlit_and_plotly():
    files = list(CORE.rglob("*.py"))
    assert len(files) > 30
    for path in files:
        roots = {name.split(".")[0] for name in imports(path)}
        if CORE / "dashboard" not in path.parents:
            assert not {"streamlit", "plotly"} & roots, path
    for path in [ROOT / "app.py", *(ROOT / "pages").glob("*.py")]:
        assert "plotly" not in {name.split(".")[0] for name in imports(path)}, path


@pytest.mark.parametrize("package", FORBIDDEN)
def test_arrows_point_one_way(package):
    files = list((CORE / package).rglob("*.py"))
    assert files
    for path in files:
        assert not core_parts(path) & FORBIDDEN[package], path


@pytest.mark.parametrize("package", ["dashboard", "commands"])
def test_only_the_top_imports_the_ends(package):
    allowed = {CORE / "__main__.py"} if package == "commands" else set()
    for path in CORE.rglob("*.py"):
        if CORE / package not in path.parents and path not in allowed:
            assert package not in core_parts(path), path


def test_no_module_imports_itself_in_a_circle():
    """Over imports at module level, followed as Python does when a module is loaded."""
    files = {path_name(path): path for path in CORE.rglob("*.py")}
    below = {name: set() for name in files}
    for name, path in files.items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom):
                found = {f"{node.module}.{alias.name}" for alias in node.names} & set(files)
                below[name] |= found or ({node.module} & set(files))
    remaining = dict(below)
    while remaining:
        free = {name for name, needs in remaining.items() if not needs & set(remaining)}
        assert free, sorted(remaining)
        remaining = {name: needs for name, needs in remaining.items() if name not in free}


def path_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("module", sorted(LEAVES))
def test_the_leaves_import_no_methods(module):
    assert core_parts(CORE / f"{module}.py") <= LEAVES


def test_nothing_imports_a_page():
    for path in [*CORE.rglob("*.py"), *(ROOT / "pages").glob("*.py")]:
        assert not any(name.split(".")[0] in ("pages", "app") for name in imports(path)), path


def test_only_commands_and_the_live_page_import_training():
    for path in CORE.rglob("*.py"):
        if {CORE / "training", CORE / "commands"} & set(path.parents):
            continue
        if path.parent != CORE / "dashboard" or not path.name.startswith("live_"):
            assert "training" not in core_parts(path), path


def test_the_core_loads_without_streamlit_plotly_or_torchvision():
    code = (
        "import sys; from robust_core import attacks, zoo, experiment, engine; "
        "print([m for m in ('streamlit', 'plotly', 'torchvision') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
