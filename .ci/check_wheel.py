"""Is the package that pip installs complete? Build it, install it on its own, use it from another folder.

    python .ci/check_wheel.py [--borrow]

The wheel is built twice, from the tree and from the sdist, and must be the same. It is then used as on
someone else's machine: read-only files, no home folder, an empty folder that stays empty and, where root
runs this, an unknown user. ``--borrow`` links the dependencies from the environment that runs this instead
of installing them again: only those that the wheel declares, so that an undeclared one is missing.
"""

import argparse
import filecmp
import importlib.metadata
import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.request
import venv
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PIP = ("-m", "pip")
MINUTES = 10
STRANGER = 43210  # a user that no machine has
DETECTOR = """
import torch
from robust_core import zoo
name = zoo.default_detector("cifar10-resnet32") or zoo.detectors()[0]
assert 0 <= float(zoo.load_detector(name).score(torch.rand(1, 3, 32, 32))) <= 1
"""


def run(*command: object, **options) -> subprocess.CompletedProcess:
    """Run a command; its failure ends the check."""
    words = [str(word) for word in command]
    print("+", *(word.strip().splitlines()[0] for word in words), flush=True)
    return subprocess.run(words, check=True, timeout=60 * MINUTES, text=True, **options)


def build(folder: Path) -> Path:
    """The wheel, the same from the tree as from the sdist."""
    run(sys.executable, "-m", "hatchling", "build", "-d", folder / "tree", cwd=ROOT)
    (sdist,), (wheel,) = ((folder / "tree").glob(name) for name in ("*.tar.gz", "*.whl"))
    run(sys.executable, *PIP, "wheel", "--quiet", "--no-deps", "-w", folder / "again", sdist)
    (again,) = (folder / "again").iterdir()
    if not filecmp.cmp(wheel, again, shallow=False):
        sys.exit(f"{wheel.name} from the sdist is not the one from the tree")
    return wheel


def install(wheel: Path, folder: Path, borrow: bool) -> Path:
    """The folder of the commands of an environment with the wheel and what it declares."""
    venv.create(folder, with_pip=True)
    bin = folder / ("Scripts" if os.name == "nt" else "bin")
    if borrow:
        run(
            bin / "python", *PIP, "uninstall", "--quiet", "--yes", "setuptools"
        )  # it is linked below
        run(bin / "python", *PIP, "install", "--quiet", "--no-deps", wheel)
        paths = {"base": str(folder), "platbase": str(folder)}
        link_dependencies(Path(sysconfig.get_path("purelib", "venv", vars=paths)))
    else:
        run(bin / "python", *PIP, "install", "--quiet", "-c", ROOT / "requirements.txt", wheel)
    run(bin / "python", *PIP, "check")
    return bin


def link_dependencies(site: Path) -> None:
    """Link into ``site`` what robust-lab declares, what that needs in turn, and nothing else."""
    (installed,) = importlib.metadata.distributions(name="robust-lab", path=[str(site)])
    waiting, done = wanted(installed), set()
    while waiting:
        needed = waiting.pop()
        if str(needed) in done:
            continue
        done.add(str(needed))
        distribution = importlib.metadata.distribution(needed.name)
        for top in {file.parts[0] for file in distribution.files} - {"..", "__pycache__"}:
            if not (site / top).exists():
                (site / top).symlink_to(distribution.locate_file(top))
        waiting += wanted(distribution, *needed.extras)


def wanted(distribution: importlib.metadata.Distribution, *extras: str) -> list[Requirement]:
    """What ``distribution`` needs here, with no more of its extras than ``extras``."""
    return [
        line
        for line in map(Requirement, distribution.requires or [])
        if line.marker is None or any(line.marker.evaluate({"extra": x}) for x in ("", *extras))
    ]


def stranger(bin: Path) -> dict:
    """Options of ``subprocess`` to run as an unknown user; none where that is impossible."""
    if os.name == "nt" or os.getuid() != 0:
        return {}
    options = {"user": STRANGER, "group": STRANGER, "extra_groups": []}
    try:
        subprocess.run([bin / "python", "-c", ""], check=True, **options)
    except (OSError, subprocess.CalledProcessError):
        print(f"Only root can run {bin / 'python'}: the check goes on as root", flush=True)
        return {}
    return options


def answers(address: str, server: subprocess.Popen) -> bool:
    """Whether the server reports within a minute that it is healthy; unknown paths answer 200 too."""
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{address}/_stcore/health", timeout=5) as answer:
                if answer.read() == b"ok":
                    return True
        except OSError:
            pass
        time.sleep(0.2)
    return False


def open_app(bin: Path, options: dict) -> None:
    """Start the dashboard, ask for its health, stop it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [bin / "robust-lab", "app", "--server.address", "127.0.0.1", "--server.port", port]
    print("+", *words, flush=True)
    words += ["--server.headless", "true"]
    server = subprocess.Popen([str(word) for word in words], **options)
    try:
        if not answers(f"127.0.0.1:{port}", server):
            sys.exit("robust-lab app does not answer")
    finally:
        server.terminate()
        server.wait(20)


def main() -> None:
    """Build, install, use."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--borrow", action="store_true", help="the dependencies of this environment"
    )
    borrow = parser.parse_args().borrow
    start = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="robust-lab-"))
    try:
        folder.chmod(0o755)
        wheel = build(folder)
        bin = install(wheel, folder / "env", borrow)
        elsewhere, temporary = folder / "elsewhere", folder / "temporary"
        for place, mode in ((elsewhere, 0o555), (temporary, 0o777)):
            place.mkdir()
            place.chmod(mode)
        environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "HOME")}
        environment |= {"TMPDIR": str(temporary), "PATH": f"{bin}{os.pathsep}{os.environ['PATH']}"}
        options = {"cwd": elsewhere, "env": environment, **stranger(bin)}
        attack = ("attack", "sample:chelsea", "--attack", "fgsm", "--eps", "8/255", "--json")
        attack += ("--model", "cifar10-resnet32")
        said = run(bin / "robust-lab", *attack, stdout=subprocess.PIPE, **options).stdout
        assert json.loads(said)["after"]["label"]
        run(bin / "python", "-c", DETECTOR, **options)
        open_app(bin, options)
        left = sorted(elsewhere.iterdir())
        if left:
            sys.exit(f"files were left in the current folder: {left}")
        megabytes = wheel.stat().st_size / 1e6
        print(f"{wheel.name}: {megabytes:.0f} MB, good after {time.monotonic() - start:.0f} s")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
