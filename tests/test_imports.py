"""The arrows of the layout: who may import whom. Each rule is shown to fail on a planted file.

The picture is app -> pages -> dashboard -> {words, experiment, evaluation, training} -> methods -> leaves.
"""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORE = "robust_core"
PAGES = {p.stem for p in (ROOT / "pages").glob("*.py")}
METHODS = {"attacks", "certify", "defenses", "detectors", "natural", "verification", "zoo"}
ARROWS = {
    "models": set(),
    "data": {"classifier"},
    "attacks": set(),
    "detectors": {"models"},
    "certify": {"attacks"},
    "verification": {"attacks"},
    "zoo": {"attacks", "data", "detectors", "models"},
    "defenses": {"attacks", "certify", "data", "zoo"},
    "toys": {"attacks", "data", "defenses", "detectors", "verification"},
    "natural": {"attacks", "zoo"},
    "engine": set(),
    "inside": {"engine"},
    "evaluation": METHODS | {"data", "engine"},
    "experiment": METHODS | {"data", "engine", "evaluation", "inside"},
    "words": METHODS | {"data", "evaluation", "experiment", "toys"},
    "training": {"data", "detectors", "evaluation", "models", "natural", "verification", "zoo"},
    "commands": METHODS | {"data", "evaluation", "experiment", "models", "training", "words"},
    "dashboard": METHODS
    | {
        "data",
        "engine",
        "evaluation",
        "experiment",
        "inside",
        "models",
        "toys",
        "training",
        "words",
    },
}
"""Each room, and the rooms that it may import. Leaves, the single files at the top, are open to all."""
LIVE = "dashboard/live_training"
SHARED = {"components", "topics"}
"""Folders of the dashboard that belong to no page."""

Sources = dict[str, str]
"""The text of each file, by its path from the root."""


def sources() -> Sources:
    files = [*(ROOT / CORE).rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files}


@cache  # all rules read all files
def imports(source: str) -> frozenset[str]:
    """Everything that a file imports, as dotted names, also inside functions; not for types alone."""
    found = set()
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def roots(source: str) -> set[str]:
    return {name.split(".")[0] for name in imports(source)}


def room(path: str) -> str | None:
    """``attacks`` for a file in robust_core/attacks, the module's name for a leaf; None elsewhere."""
    parts = path.removesuffix(".py").split("/")
    return parts[1] if parts[0] == CORE else None


def rooms_of(source: str) -> set[str]:
    """The parts of robust_core that a file imports: ``attacks``, ``classifier``, ..."""
    names = (name.split(".") for name in imports(source))
    return {parts[1] for parts in names if parts[0] == CORE and len(parts) > 1}


def only_tops_draw(files: Sources) -> Iterator[str]:
    for path, source in files.items():
        if room(path) not in ("dashboard", None) and {"streamlit", "plotly"} & roots(source):
            yield f"{path} imports streamlit or plotly"
        if room(path) is None and "plotly" in roots(source):
            yield f"{path} imports plotly: charts are made in the dashboard"


def arrows_are_drawn(files: Sources) -> Iterator[str]:
    for path, source in files.items():
        own = room(path)
        for other in rooms_of(source) & ARROWS.keys() if own in ARROWS else ():
            if other != own and other not in ARROWS[own]:
                yield f"{path} imports {other}, which {own} may not"


def leaves_import_leaves(files: Sources) -> Iterator[str]:
    for path, source in files.items():
        if room(path) not in (None, "__main__", "__init__", *ARROWS):
            for other in rooms_of(source) & ARROWS.keys():
                yield f"{path} is a leaf and imports {other}"


def no_package_cycle(files: Sources) -> Iterator[str]:
    """Over every import, also inside functions."""
    below: dict[str, set[str]] = {}
    for path, source in files.items():
        if own := room(path):
            below.setdefault(own, set()).update(rooms_of(source) - {own})
    yield from circles(below)


def no_module_cycle(files: Sources) -> Iterator[str]:
    """Over imports at module level, followed as Python does when a module is loaded."""
    modules = {module_name(path): source for path, source in files.items() if room(path)}
    below = {}
    for name, source in modules.items():
        below[name] = set()
        for module, names in loads(source):
            below[name] |= names & modules.keys() or {module} & modules.keys()
    yield from circles(below)


@cache
def loads(source: str) -> list[tuple[str, set[str]]]:
    """The modules that a file loads from at its own level, each with what it takes as dotted names."""
    nodes = [node for node in ast.parse(source).body if isinstance(node, ast.ImportFrom)]
    return [(node.module, {f"{node.module}.{a.name}" for a in node.names}) for node in nodes]


def circles(below: dict[str, set[str]]) -> Iterator[str]:
    """What remains when all that needs nothing that remains is taken away, again and again."""
    remaining = dict(below)
    while remaining:
        free = {name for name, needs in remaining.items() if not needs & remaining.keys()}
        if not free:
            yield f"a circle among {', '.join(sorted(remaining))}"
            return
        remaining = {name: needs for name, needs in remaining.items() if name not in free}


def module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def nobody_imports_a_page(files: Sources) -> Iterator[str]:
    for path, source in files.items():
        if roots(source) & {"pages", "app"}:
            yield f"{path} imports a page"


def tops_stay_tops(files: Sources) -> Iterator[str]:
    """Nothing imports commands but ``__main__``; nothing but pages imports the dashboard."""
    for path, source in files.items():
        own, found = room(path), rooms_of(source)
        if "commands" in found and own not in ("commands", "__main__"):
            yield f"{path} imports commands"
        if "dashboard" in found and own not in ("dashboard", None):
            yield f"{path} imports the dashboard"


def training_is_for_commands_and_the_live_page(files: Sources) -> Iterator[str]:
    for path, source in files.items():
        allowed = room(path) in ("training", "commands") or path.startswith(f"{CORE}/{LIVE}/")
        if "training" in rooms_of(source) and not allowed:
            yield f"{path} imports training"


def page_folders_stand_alone(files: Sources) -> Iterator[str]:
    """What two pages need lies at the dashboard's top, in components or in topics."""
    for path, source in files.items():
        parts = path.split("/")
        if parts[:2] != [CORE, "dashboard"]:
            continue
        own = parts[2] if len(parts) > 3 else "the top"
        for name in imports(source):
            other = name.split(".")[2:3] if name.startswith(f"{CORE}.dashboard.") else []
            if PAGES & set(other) - {own}:
                yield f"{path}: {own} imports {other[0]}"
            if own == "components" and "topics" in other:
                yield f"{path}: components import topics"


RULES: dict[Callable[[Sources], Iterator[str]], Sources] = {
    only_tops_draw: {"robust_core/words/verdict.py": "import streamlit as st"},
    arrows_are_drawn: {"robust_core/attacks/gradient.py": "from robust_core import evaluation"},
    leaves_import_leaves: {"robust_core/goals.py": "from robust_core.attacks import base"},
    no_package_cycle: {
        "robust_core/attacks/base.py": "def f():\n    from robust_core.evaluation import accuracy",
        "robust_core/evaluation/accuracy.py": "from robust_core.attacks import base",
    },
    no_module_cycle: {
        "robust_core/attacks/base.py": "from robust_core.attacks import checks",
        "robust_core/attacks/checks.py": "from robust_core.attacks.base import Attack",
    },
    nobody_imports_a_page: {"robust_core/dashboard/lab.py": "from pages import attack"},
    tops_stay_tops: {"robust_core/evaluation/suites.py": "import robust_core.commands.output"},
    training_is_for_commands_and_the_live_page: {
        "robust_core/dashboard/attack/depth.py": "from robust_core.training import recipes"
    },
    page_folders_stand_alone: {
        "robust_core/dashboard/detectors/duel.py": "from robust_core.dashboard.attack import depth"
    },
}
"""Each rule, and files that break it."""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_arrows_point_one_way(rule):
    files = sources()
    assert len(files) > 200
    assert not list(rule(files))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_each_rule_can_fail(rule):
    assert list(rule(sources() | RULES[rule]))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("robust_core/toys/masking.py", "from robust_core.dashboard import lab"),
        ("robust_core/toys/masking.py", "from robust_core import experiment"),
        ("robust_core/experiment/duel.py", "from robust_core.words import verdict"),
        ("robust_core/words/verdict.py", "from robust_core.training import recipes"),
        ("robust_core/evaluation/masking.py", "from robust_core.experiment import duel"),
        ("robust_core/zoo/loading.py", "from robust_core.defenses import base"),
        ("robust_core/detectors/base.py", "from robust_core import attacks"),
        ("robust_core/models/resnet.py", "from robust_core.data import digits"),
        ("robust_core/engine/engine.py", "from robust_core import zoo"),
        ("robust_core/commands/attack.py", "from robust_core.dashboard import lab"),
        ("robust_core/certify/voting.py", "from robust_core.defenses import base"),
        ("robust_core/verification/verify.py", "from robust_core.defenses import base"),
        ("robust_core/verification/verify.py", "from robust_core.certify import smoothing"),
        ("robust_core/attacks/base.py", "from robust_core.verification import verify"),
        ("robust_core/inside/changes.py", "from robust_core import zoo"),
    ],
)
def test_a_forbidden_arrow_is_seen(path, source):
    assert list(arrows_are_drawn({path: source}))


def test_every_room_is_on_the_plan():
    folders = {p.parent.name for p in (ROOT / CORE).glob("*/__init__.py")}
    assert folders == ARROWS.keys()
    shared = {p.parent.name for p in (ROOT / CORE / "dashboard").glob("*/__init__.py")}
    assert shared <= PAGES | SHARED


def test_an_import_for_types_alone_is_no_arrow():
    guarded = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from robust_core import zoo\n"
    )
    assert not list(arrows_are_drawn({"robust_core/attacks/base.py": guarded}))


def test_the_core_loads_without_pages_and_without_what_only_some_calls_need():
    slow = ("torchvision", "scipy.stats", "sklearn", "skimage", "pandas")
    code = (
        "import sys; from robust_core import attacks, zoo, engine; from robust_core.experiment import "
        "perform; from robust_core.commands import attack, evaluate, train; "
        f"print([m for m in {('streamlit', 'plotly', *slow)} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
