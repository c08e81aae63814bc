"""The packages of ``robust_core``: what each holds and imports, read from the source."""

import ast
from pathlib import Path

from docs.generator.markdown import table

ROOT = Path(__file__).resolve().parents[2] / "robust_core"


def arrows() -> str:
    """One row for each package; those that import nothing of the others come first."""
    names = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))
    below = {name: imported(name, names) for name in names}
    placed: list[str] = []
    while len(placed) < len(names):  # no cycles: a test holds that
        placed += [n for n in names if n not in placed and below[n] <= set(placed)]
    rows = (
        (f"`{name}`", purpose(name), ", ".join(f"`{n}`" for n in placed if n in below[name]))
        for name in placed
    )
    return table({"package": "l", "what it holds": "l", "imports": "l"}, rows)


def purpose(package: str) -> str:
    """The first line of its docstring."""
    tree = ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").splitlines()[0].replace("``", "`")


def imported(package: str, names: list[str]) -> set[str]:
    """The other packages that its files import, also inside functions; not for types alone."""
    found = set()
    for path in (ROOT / package).rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                node.body = []
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
    parts = (name.split(".") for name in found)
    return {p[1] for p in parts if p[0] == "robust_core" and p[1:2] and p[1] in names} - {package}
