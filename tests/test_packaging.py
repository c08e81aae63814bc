"""The package that pip installs: what it needs, what it holds, and that it works from any folder."""

import ast
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import robust_core

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BUNDLE = "robust_core/bundle/"
LARGEST = 90 * 10**6  # bytes


def parsed(lines: list[str]) -> dict[str, Requirement]:
    """Requirements by name."""
    requirements = (Requirement(line) for line in lines if line and line[0] not in "#-")
    return {canonicalize_name(each.name): each for each in requirements}


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def build(project: Path, folder: Path, kind: str = "wheel") -> Path:
    """The wheel of a project, made in ``folder``."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    """The wheel of this working tree."""
    return build(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def names(wheel) -> set[str]:
    """The files in the wheel but for its own description."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_the_pins_and_the_package_name_the_same_dependencies():
    pins = parsed((ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines())
    needs = parsed(PROJECT["dependencies"])
    assert pins.keys() == needs.keys()
    for name, pin in pins.items():
        (exact,) = pin.specifier
        assert exact.operator == "=="
        assert needs[name].specifier.contains(exact.version), name
        assert not any(bound.operator == "==" for bound in needs[name].specifier), name


def test_every_import_is_declared_and_every_dependency_imported():
    owners = importlib.metadata.packages_distributions()
    imported = set()
    for path in [ROOT / "app.py", *sources("robust_core", "pages")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module.split(".")[0])
    imported -= {"robust_core", *sys.stdlib_module_names}
    needed = {canonicalize_name(owner) for name in imported for owner in owners.get(name, [name])}
    extras = parsed([line for lines in PROJECT["optional-dependencies"].values() for line in lines])
    assert needed == parsed(PROJECT["dependencies"]).keys() | extras.keys()


def test_the_type_checker_skips_no_module():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    overrides = tomllib.loads(text)["tool"]["mypy"]["overrides"]
    assert not [one["module"] for one in overrides if one.get("ignore_errors")]


def test_the_version_stands_in_one_place(wheel):
    assert "version" not in PROJECT
    assert wheel.name.startswith(f"robust_lab-{robust_core.__version__}-py3-")
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources("robust_core"))
    assert len(re.findall(r"^__version__ =", code, re.MULTILINE)) == 1


def test_the_wheel_holds_one_package_of_bounded_size(wheel, names):
    assert {name.partition("/")[0] for name in names} == {"robust_core"}
    assert wheel.stat().st_size < LARGEST
    with zipfile.ZipFile(wheel) as archive:
        assert sum(info.file_size for info in archive.infolist()) < LARGEST


def test_the_wheel_holds_all_modules_pages_and_config(names):
    code = {path.relative_to(ROOT).as_posix() for path in sources("robust_core")}
    assert len(code) > 100
    moved = [Path("app.py"), Path(".streamlit/config.toml"), Path("assets/icon.png")]
    moved += [path.relative_to(ROOT) for path in sources("pages")]
    prose = {path.relative_to(ROOT).as_posix() for path in (ROOT / "robust_core").rglob("*.toml")}
    assert prose
    wanted = code | prose | {BUNDLE + path.as_posix() for path in moved} | {"robust_core/py.typed"}
    assert wanted <= names
    assert not [name for name in names - wanted if not name.startswith(BUNDLE + "assets/")]


def test_the_wheel_holds_the_assets_that_are_read_and_no_others(names):
    folder = ROOT / "assets" / "weights"
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    wanted = {f"weights/{entry['file']}" for entry in index.values() if entry["file"]}
    for kind in ("natural", "posters", "universal"):
        shared = ROOT / "assets" / kind / "index.json"
        bundled = json.loads(shared.read_text(encoding="utf-8"))
        wanted |= {f"{kind}/{entry['file']}" for entry in bundled.values()}
        wanted |= {f"{kind}/index.json"}
    wanted |= {f"results/{path.name}" for path in (ROOT / "assets" / "results").glob("*.json")}
    wanted |= {"weights/index.json", "samples.json", "imagenet_synsets.txt", "icon.png"}
    prefix = BUNDLE + "assets/"
    assert {name.removeprefix(prefix) for name in names if name.startswith(prefix)} == wanted


@pytest.fixture
def small(tmp_path) -> Path:
    """A project with the same settings and empty files, so that the working tree stays clean."""
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, tmp_path)
    for folder in ("robust_core", "pages", "assets/weights", "assets/results", ".streamlit"):
        (tmp_path / folder).mkdir(parents=True)
    made = ["app.py", ".streamlit/config.toml"]
    made += [f"assets/{name}" for name in ("icon.png", "samples.json", "imagenet_synsets.txt")]
    for name in [*made, "pages/attack.py", "assets/weights/index.json"]:
        (tmp_path / name).write_text("")
    (tmp_path / "robust_core" / "__init__.py").write_text('__version__ = "1"')
    return tmp_path


def test_the_wheel_holds_no_lock_of_an_installation_or_an_evaluation(small):
    for name in ("weights/index.lock", "weights/a.1f.partial", "results/detectors.json.lock"):
        (small / "assets" / name).write_text("")
    with zipfile.ZipFile(build(small, small / "wheel")) as archive:
        names = archive.namelist()
    assert BUNDLE + "assets/weights/index.json" in names
    assert not [name for name in names if name.endswith((".lock", ".partial"))]


def test_an_editable_install_is_the_tree_itself(small):
    with zipfile.ZipFile(build(small, small / "wheel", "wheel:editable")) as archive:
        (path,) = [name for name in archive.namelist() if name.endswith(".pth")]
        assert Path(archive.read(path).decode().strip()) == small


def test_the_wheel_names_its_command(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (entry,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        text = archive.read(entry).decode()
    name, module, function = re.search(r"(\S+) = (\S+):(\S+)", text).groups()
    assert name == "robust-lab"
    assert callable(getattr(importlib.import_module(module), function))


ATTACK = """
import sys
from robust_core import __main__, paths
print(paths.APP, paths.ASSETS, sep="\\n", file=sys.stderr)
words = "attack sample:digits-test-0 --model digits-cnn --attack fgsm --eps 0.3 --json"
sys.exit(__main__.main(words.split()))
"""


def test_the_installed_package_works_from_another_folder(wheel, tmp_path):
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    done = subprocess.run(
        [sys.executable, "-c", ATTACK],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(site), "HOME": str(tmp_path / "nowhere")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.split() == [str(site / BUNDLE / name) for name in ("app.py", "assets")]
    assert json.loads(done.stdout)["model"] == "digits-cnn"
    assert not list(elsewhere.iterdir())
    assert not (tmp_path / "nowhere").exists()
