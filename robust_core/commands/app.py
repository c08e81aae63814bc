"""``robust-lab app``: the dashboard, as ``streamlit run app.py`` opens it, from any folder."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from robust_core.paths import APP, cache_home

WINDOWS = os.name == "nt"


def configure(parser: argparse.ArgumentParser) -> None:
    """All options are Streamlit's."""
    parser.usage = "%(prog)s [-h] [STREAMLIT'S OPTIONS]"
    parser.epilog = (
        "All other options go to Streamlit, such as --server.port 8502, --server.address 127.0.0.1 or "
        "--server.headless true; streamlit run --help lists them."
    )
    parser.set_defaults(passed_on=[])


def run(args: argparse.Namespace) -> None:
    """Become Streamlit's server; on Windows, which cannot do that, start it and wait for its end."""
    # -P: a file in the current folder must not shadow an installed module.
    command = [sys.executable, "-P", "-m", "streamlit", "run", str(APP), *args.passed_on]
    sys.stdout.flush()
    if WINDOWS:
        sys.exit(subprocess.call(command, env=environment()))
    os.execve(sys.executable, command, environment())


def environment() -> dict[str, str]:
    """The server's environment: Streamlit does not start without a home folder."""
    try:
        Path.home()
    except RuntimeError:
        return {**os.environ, "HOME": str(cache_home())}
    return dict(os.environ)
