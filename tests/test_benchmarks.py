"""The benchmarks: what they import is there. They are run by hand, so that nothing else would tell."""

import ast
import importlib
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
FILES = {path.stem: path for path in FOLDER.glob("*.py")}


def defined(path: Path) -> set[str]:
    """The names at the top of a file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {each.asname or each.name for each in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


@pytest.mark.parametrize("name", sorted(FILES))
def test_what_a_benchmark_imports_is_there(name):
    for node in ast.walk(ast.parse(FILES[name].read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        names = {each.name for each in node.names}
        if node.module in FILES:
            assert names <= defined(FILES[node.module]), node.module
        elif node.module.split(".")[0] == "robust_core":
            module = importlib.import_module(node.module)
            for each in names:
                if not hasattr(module, each):
                    importlib.import_module(f"{node.module}.{each}")
