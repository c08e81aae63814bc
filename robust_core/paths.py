"""Where files live: what is bundled with the project, and the user's own folders."""

import os
from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent / "assets"
WEIGHTS = ASSETS / "weights"
RESULTS = ASSETS / "results"


def data_folder() -> Path:
    """Where data sets are kept: ``ROBUST_DATA``, else a folder in the user's cache."""
    if os.environ.get("ROBUST_DATA"):
        return Path(os.environ["ROBUST_DATA"]).expanduser()
    if os.name == "nt" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"]) / "robust-lab"
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "robust-lab"
