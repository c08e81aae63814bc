"""Where files live: what is bundled with the project, and the user's own folders."""

import errno
import os
import tempfile
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_BUNDLE = _PACKAGE / "bundle"

# The folder of app.py, pages and assets: inside the package once installed (see pyproject.toml), beside
# it in the repository.
ROOT = _BUNDLE if _BUNDLE.is_dir() else _PACKAGE.parent
APP = ROOT / "app.py"
ASSETS = ROOT / "assets"
WEIGHTS = ASSETS / "weights"
RESULTS = ASSETS / "results"
UNIVERSAL = ASSETS / "universal"
POSTERS = ASSETS / "posters"
NATURAL = ASSETS / "natural"


def cache_home() -> Path:
    """Where this user's programs keep files that can be downloaded again.

    Without a home folder, as in some containers, it is the user's own folder among the temporary
    files.
    """
    try:
        if os.environ.get("XDG_CACHE_HOME"):
            return Path(os.environ["XDG_CACHE_HOME"]).expanduser()
        return Path.home() / ".cache"
    except RuntimeError:
        user = os.getuid() if hasattr(os, "getuid") else "user"
        return Path(tempfile.gettempdir(), f"robust-lab-{user}")


def data_folder() -> Path:
    """Where data sets are kept: ``ROBUST_DATA``, else a folder in the user's cache.

    Raises ``FileNotFoundError`` where ``ROBUST_DATA`` begins with ``~`` and there is no such home folder.
    """
    if os.environ.get("ROBUST_DATA"):
        given = Path(os.environ["ROBUST_DATA"])
        try:
            return given.expanduser()
        except RuntimeError as error:
            reason = "there is no home folder for ~ in ROBUST_DATA"
            raise FileNotFoundError(errno.ENOENT, reason, str(given)) from error
    if os.name == "nt" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"]) / "robust-lab"
    return cache_home() / "robust-lab"
