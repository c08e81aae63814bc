"""What the navigation holds, read from app.py: its sections, and the address and title of each page."""

import ast
from pathlib import Path

from robust_core.paths import ROOT


def _option(call: ast.Call, name: str) -> str | None:
    return next((ast.literal_eval(o.value) for o in call.keywords if o.arg == name), None)


def _page(call: ast.Call) -> tuple[str, str]:
    """Its address, empty for the one that the app opens with, and its title."""
    script = ast.literal_eval(call.args[0])
    path = "" if _option(call, "default") else _option(call, "url_path") or Path(script).stem
    return path, str(_option(call, "title"))


def _sections() -> dict[str, dict[str, str]]:
    tree = ast.parse((ROOT / "app.py").read_text(encoding="utf-8"))
    made = next(
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "sections"
    )
    assert isinstance(made, ast.Dict)
    return {
        ast.literal_eval(key): dict(_page(call) for call in pages.elts)
        for key, pages in zip(made.keys, made.values, strict=True)
    }


SECTIONS = _sections()
"""``{section: {address: title}}``; the section "" is the bar itself."""
PAGES = {path: title for pages in SECTIONS.values() for path, title in pages.items()}
"""``{address: title}``."""
