"""Fresh servers: process start to health, then what the first visitor of each waits for.

Most of it is the import of PyTorch, so that a bare import is timed in turns with the servers.
"""

import subprocess
import sys
import time
from pathlib import Path

from tallies import Tally, figures, pair
from visitors import Visitor, serving

IMPORT = "import torch, streamlit"


def bare_import() -> float:
    """Seconds of a process that imports both libraries and ends."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", IMPORT], check=True)
    return time.perf_counter() - begun


async def measure(app: Path, bare: Path, folder: Path, starts: int) -> dict:
    """Figures of that many starts of either server, by line, and of as many bare imports."""
    health, seen, finished = pair(), pair(), pair()
    imports = Tally()
    for _ in range(starts):
        imports.seconds.append(bare_import())
        for name, script in (("page", app), ("bare", bare)):
            with serving(script, folder) as server:
                health[name].seconds.append(server.started_in)
                visitor = Visitor(server.address)
                run = await finished[name].time(server, visitor.visit())
                if run.seen is not None:
                    seen[name].seconds.append(run.seen)
                await visitor.leave()
    return {
        "seconds": {
            "start to health": figures(health),
            "first sight, cold server": figures(seen),
            "first visit, cold server": figures(finished),
        },
        "import_seconds": imports.figures(),
    }
